//! Fuzz targets of `auth-core` for the code that reads outside input, and the properties that must
//! hold for every input.
//!
//! A target takes bytes and panics if a property does not hold. Each file lists its properties beyond the
//! absence of panics. `cargo xtask fuzz` lets libFuzzer search for failing inputs. `tests/replay.rs` runs the
//! same functions on the stored corpus, without a fuzzer.
//!
//! There are two secrets. The known secret signed the texts of the corpus, so the fuzzer starts from texts
//! that verify. The unknown secret never signed anything, so a text that verifies under it is forged.
#![expect(clippy::panic, clippy::expect_used, reason = "a panic is how a target reports")]

mod bearer_header;
mod cookie_cache;
mod cookie_header;
mod email;
mod fixture;
mod jwt;
mod secrets;
mod stored_hash;

/// A function that takes any bytes and returns whether the code under test accepted any of them.
pub type Target = fn(&[u8]) -> bool;

/// Names and functions of the targets. The corpus of each target is in the folder of the same name.
pub const TARGETS: [(&str, Target); 9] = [
    ("bearer_header", bearer_header::read),
    ("cookie_header", cookie_header::read),
    ("jwt", jwt::read),
    ("jwt_claims", jwt::read_signed),
    ("cookie_cache", cookie_cache::read),
    ("cookie_cache_payload", cookie_cache::read_signed),
    ("stored_hash", stored_hash::read),
    ("email", email::read),
    ("secrets", secrets::read),
];

/// Finds a target by its name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
