//! What the times of answers tell (R-55, R-56).

use std::collections::BTreeSet;
use std::time::Instant;

use auth_core::{Hasher, Password};
use serde_json::json;
use test_support::{SHIPPED_HASHES, TestApp};

use crate::alone;

/// Known address, unknown address, user without a password.
const CASES: [&str; 3] = ["ann@example.com", "nobody@example.com", "social@example.com"];

/// A machine that does something else for a moment moves a median; a server that tells accounts apart
/// does so every time.
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

    let mut seen = Vec::new();
    for _attempt in 0..ATTEMPTS {
        let medians = medians(&app).await;
        let tolerance = hash_seconds() * 0.10;
        if medians.iter().all(|median| (median - medians[0]).abs() <= tolerance) {
            return;
        }
        seen.push((medians, tolerance));
    }
    panic!("medians and tolerance, in seconds, of every attempt: {seen:?}");
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
    let mut seen = Vec::new();
    for attempt in 0..ATTEMPTS {
        let mut times: [Vec<f64>; 2] = Default::default();
        for round in 0..60 {
            let free = format!("free{attempt}x{round}@example.com");
            for (email, times) in ["taken@example.com", &free].iter().zip(&mut times) {
                let body = json!({"name": "", "email": email, "password": "correct horse"});
                let start = Instant::now();
                let answer = app.post("/sign-up/email", &body).await;
                times.push(start.elapsed().as_secs_f64());
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        }
        let [taken, free] = times.map(median);
        let tolerance = hash_seconds() * 0.10;
        if (taken - free).abs() <= tolerance {
            return;
        }
        seen.push((taken, free, tolerance));
    }
    panic!("medians for a taken and a free address, and the tolerance, of every attempt: {seen:?}");
}

/// Asks 60 times each, in turns, and gives the median times; the answers must be alike to the letter.
async fn medians(app: &TestApp) -> [f64; 3] {
    let mut times: [Vec<f64>; 3] = Default::default();
    let mut headers = None;
    for _round in 0..60 {
        for (email, times) in CASES.iter().zip(&mut times) {
            let start = Instant::now();
            let answer =
                app.post("/sign-in/email", &json!({"email": email, "password": "wrong password"})).await;
            times.push(start.elapsed().as_secs_f64());
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (401, r#"{"message":"Invalid email or password","code":"INVALID_EMAIL_OR_PASSWORD"}"#),
                "{email}"
            );
            let names: BTreeSet<String> = answer.headers.keys().map(ToString::to_string).collect();
            assert_eq!(*headers.get_or_insert_with(|| names.clone()), names, "{email}");
        }
    }
    times.map(median)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// H of the rules: one hash of the reference's scrypt on this machine.
fn hash_seconds() -> f64 {
    let (hasher, password) = (Hasher::better_auth_scrypt(), Password::new("correct horse"));
    let start = Instant::now();
    for _ in 0..5 {
        hasher.hash(&password, &mut rand::rng()).unwrap();
    }
    start.elapsed().as_secs_f64() / 5.0
}
