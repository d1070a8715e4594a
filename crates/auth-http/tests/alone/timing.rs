//! What the times of answers tell (R-55, R-56).

use std::collections::BTreeSet;
use std::time::Instant;

use auth_core::{Hasher, Password};
use serde_json::json;
use test_support::{SHIPPED_HASHES, TestApp};

use crate::alone;

/// Known address, unknown address, user without a password.
const CASES: [&str; 3] = ["ann@example.com", "nobody@example.com", "social@example.com"];

/// How often each case is asked before the times are looked at.
const ROUNDS: usize = 60;
/// How often rounds are added where they differ: a machine that does something else moves a median of few rounds, a
/// server that tells accounts apart moves that of many.
const ATTEMPTS: usize = 3;

/// Wrong password, unknown address, and a user without a password: one answer, one cost.
#[actix_web::test]
async fn r_055_a_failed_sign_in_does_not_tell_why() {
    let _alone = alone().await;
    // More failures per account than are tested at once otherwise.
    let patient = ("AUTH__EMAIL_AND_PASSWORD__FAILURES_BEFORE_DELAY", "0");
    let (app, _) = TestApp::signed_in(&[&SHIPPED_HASHES[..], &[patient]].concat()).await;
    app.register("social@example.com").await;
    app.execute(
        "delete from account where \"userId\" = (select id from \"user\" where email = 'social@example.com')",
    )
    .await;

    let mut rounds = Rounds::default();
    for _attempt in 0..ATTEMPTS {
        ask_in_turns(&app, &mut rounds).await;
        if rounds.are_alike() {
            return;
        }
    }
    panic!("a known address, an unknown one and one without a password differ: {rounds:?}");
}

/// Signing up where the answer must not tell: a taken address costs what a free one costs, stored rows and all.
#[actix_web::test]
async fn r_056_signing_up_takes_as_long_for_a_taken_address_as_for_a_free_one() {
    assert_sign_up_takes_as_long(("AUTH__EMAIL_AND_PASSWORD__AUTO_SIGN_IN", "false")).await;
}

/// The same where an address has to be verified first.
#[actix_web::test]
async fn r_056_signing_up_takes_as_long_where_addresses_are_verified() {
    assert_sign_up_takes_as_long(("AUTH__EMAIL_AND_PASSWORD__REQUIRE_EMAIL_VERIFICATION", "true")).await;
}

async fn assert_sign_up_takes_as_long(setting: (&str, &str)) {
    let _alone = alone().await;
    let app = TestApp::with(&[&SHIPPED_HASHES[..], &[setting]].concat()).await;
    app.register("taken@example.com").await;
    let mut rounds = Rounds::default();
    for attempt in 0..ATTEMPTS {
        for round in 0..ROUNDS {
            let free = format!("free{attempt}x{round}@example.com");
            let mut seconds = [0.0; 2];
            for (email, seconds) in ["taken@example.com", &free].iter().zip(&mut seconds) {
                let body = json!({"name": "", "email": email, "password": "correct horse"});
                let start = Instant::now();
                let answer = app.post("/sign-up/email", &body).await;
                *seconds = start.elapsed().as_secs_f64();
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
            rounds.add(&seconds);
        }
        if rounds.are_alike() {
            return;
        }
    }
    panic!("a taken and a free address differ: {rounds:?}");
}

/// Times of the cases, asked in turns. Compared is what the cases of one round differ by: a machine that does something
/// else for a while slows all cases of a round down alike, and the hash that the tolerance is made of too.
#[derive(Debug, Default)]
struct Rounds {
    /// Of each case but the first, how much longer than the first it took.
    differences: Vec<Vec<f64>>,
    hashes: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, seconds: &[f64]) {
        self.differences.resize(seconds.len() - 1, Vec::new());
        for (differences, case) in self.differences.iter_mut().zip(&seconds[1..]) {
            differences.push(case - seconds[0]);
        }
        self.hashes.push(hash_seconds());
    }

    /// Whether no case takes longer than the first by a tenth of a hash, over all rounds so far.
    fn are_alike(&self) -> bool {
        let tolerance = median(&self.hashes) * 0.10;
        self.differences.iter().all(|differences| median(differences).abs() <= tolerance)
    }
}

/// Asks every case in turns, and checks that the answers are alike to the letter.
async fn ask_in_turns(app: &TestApp, rounds: &mut Rounds) {
    let mut headers = None;
    for _round in 0..ROUNDS {
        let mut seconds = [0.0; CASES.len()];
        for (email, seconds) in CASES.iter().zip(&mut seconds) {
            let start = Instant::now();
            let answer =
                app.post("/sign-in/email", &json!({"email": email, "password": "wrong password"})).await;
            *seconds = start.elapsed().as_secs_f64();
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (401, r#"{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}"#),
                "{email}"
            );
            let names: BTreeSet<String> = answer.headers.keys().map(ToString::to_string).collect();
            assert_eq!(*headers.get_or_insert_with(|| names.clone()), names, "{email}");
        }
        rounds.add(&seconds);
    }
}

fn median(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// H of the rules: one hash of the reference's scrypt on this machine, now.
fn hash_seconds() -> f64 {
    let (hasher, password) = (Hasher::better_auth_scrypt(), Password::new("correct horse"));
    let start = Instant::now();
    hasher.hash(&password, &mut rand::rng()).unwrap();
    start.elapsed().as_secs_f64()
}
