//! Stored password hashes, which anybody who can write to the column chooses.
//!
//! - A scheme that is recognised has costs within the bounds that [`Argon2idParams`] and bcrypt's 16 set.
//! - A text without a scheme is refused by the verifier, and at once; one with a scheme is not refused.
//! - No such text verifies a password that was never hashed.

use std::time::{Duration, Instant};

use auth_core::{Argon2idParams, Hasher, Password, Scheme, StoredHash};

/// Above this a hash is not computed here: ten thousand a second find more than one.
const CHEAP_KIB: u32 = 64;

/// Generous for a machine that does other things; parsing takes microseconds.
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
        // 32 MiB each.
        Some(Scheme::BetterAuthScrypt) => {}
    }
    scheme.is_some()
}
