//! Fuzz targets of `auth-core`: what reads outside text, and what must hold of whatever it says.
//!
//! A target takes bytes and panics where something does not hold. That nothing panics is the least of it; each
//! file says what else. `cargo xtask fuzz` lets libFuzzer look for such bytes; `tests/replay.rs` shows the kept
//! corpus to the same functions, without a fuzzer.
//!
//! Two secrets are known here. One signs what stands in the corpus, so the fuzzer starts from texts that
//! verify. The other never signed anything: what verifies under it is forged.
#![expect(clippy::panic, clippy::expect_used, reason = "a panic is how a target reports")]

mod bearer_header;
mod cookie_cache;
mod cookie_header;
mod email;
mod fixture;
mod jwt;
mod secrets;
mod stored_hash;

/// A function that takes any bytes and tells whether a reader took something of them.
pub type Target = fn(&[u8]) -> bool;

/// Names and functions of the targets; the corpus of each is in the folder of its name.
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

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}
