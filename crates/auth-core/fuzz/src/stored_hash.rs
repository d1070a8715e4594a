//! Stored password hashes. An attacker who can write to the column can choose them.
//!
//! - A recognised scheme has costs within the bounds of [`Argon2idParams`] and bcrypt's maximum of 16.
//! - The verifier refuses a text without a scheme immediately. It does not refuse a text with a scheme.
//! - No such text verifies a password that was never hashed.

use std::time::{Duration, Instant};

use auth_core::{Argon2idParams, Hasher, Password, Scheme, StoredHash};

/// Largest memory times passes, in KiB, at which the target computes a hash. Costlier hashes would slow down
/// the fuzzer, which otherwise runs ten thousand inputs per second.
const CHEAP_KIB: u32 = 64;

/// Time limit of a refusal. Parsing takes microseconds; the limit allows for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

pub(crate) fn read(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let stored = StoredHash::from_stored(text.as_ref());
    let password = Password::new("never hashed anywhere");
    let scheme = stored.scheme();
    let _ = Hasher::default().needs_rehash(&stored);
    let verify = || Hasher::default().verify(&password, &stored);
    match scheme {
        None => {
            let began = Instant::now();
            let refused = verify().expect_err("a text without a scheme was verified");
            assert!(began.elapsed() < AT_ONCE, "it took {:?} to say {refused}", began.elapsed());
            assert!(Hasher::default().needs_rehash(&stored));
        }
        Some(Scheme::Argon2id(params)) => {
            let shown = params.to_string();
            let numbers: Vec<u32> =
                shown.split(['=', ',']).filter_map(|number| number.parse().ok()).collect();
            let [memory, passes, lanes] = numbers.as_slice() else { panic!("{shown}") };
            assert_eq!(Argon2idParams::new(*memory, *passes, *lanes), Ok(params));
            if memory * passes <= CHEAP_KIB {
                assert_eq!(verify(), Ok(false), "{text}");
            }
        }
        Some(Scheme::Bcrypt { cost }) => {
            assert!((4..=16).contains(&cost), "{cost}");
            if cost == 4 {
                assert_eq!(verify(), Ok(false), "{text}");
            }
        }
        // Not computed, because each hash needs 32 MiB.
        Some(Scheme::BetterAuthScrypt) => {}
    }
    scheme.is_some()
}
