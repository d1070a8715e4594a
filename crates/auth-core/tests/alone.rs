//! What takes as long as what. A binary of its own, so that no other test runs beside it.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

use auth_core::{Argon2idParams, Hasher, Password, StoredHash};
use rustix::time::{ClockId, clock_gettime};

/// How far apart two pieces of work may be and still be called equally long.
const TOLERANCE: std::ops::Range<f64> = 0.8..1.25;

/// Rounds after which unequal is final. The least times of both only fall towards what the work itself takes, so
/// a busy machine costs rounds and does not decide.
const ROUNDS: usize = 60;

/// Seconds of processor time that this thread takes for some work: what other processes do meanwhile is not counted.
fn time(work: impl FnOnce()) -> f64 {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    let start = now();
    work();
    now() - start
}

fn check_equally_long(what: &str, mut left: impl FnMut(), mut right: impl FnMut()) {
    let (mut least_left, mut least_right) = (f64::MAX, f64::MAX);
    let mut ratio = 0.0;
    for round in 0..ROUNDS {
        least_left = least_left.min(time(&mut left));
        least_right = least_right.min(time(&mut right));
        ratio = least_left / least_right;
        if round >= 4 && TOLERANCE.contains(&ratio) {
            return;
        }
    }
    panic!("{what}: {ratio:.2} times as long");
}

#[test]
fn r_055_a_decoy_costs_what_a_verification_costs() {
    let rng = &mut rand::rng();
    let (right, wrong) = (Password::new("password1"), Password::new("password2"));
    let hasher = Hasher::default();
    let stored = [
        hasher.hash(&right, rng).unwrap(),
        Hasher::argon2id(Argon2idParams::new(12_288, 3, 1).unwrap()).hash(&right, rng).unwrap(),
        Hasher::better_auth_scrypt().hash(&right, rng).unwrap(),
        StoredHash::from_stored(bcrypt::hash_with_salt("password1", 8, [1; 16]).unwrap().to_string()),
    ];
    for stored in stored {
        let scheme = stored.scheme().unwrap();
        check_equally_long(
            &scheme.to_string(),
            || Hasher::decoy(scheme, &wrong),
            || assert_eq!(hasher.verify(&wrong, &stored), Ok(false)),
        );
    }
}
