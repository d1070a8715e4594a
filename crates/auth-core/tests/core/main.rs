//! The public interface of the crate: what other programs computed, what the rules demand, and hostile input.
//!
//! One binary, because each one links the crate anew: `cargo nextest run -p auth-core --test core jwt::` runs one
//! module.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod cookie_cache;
#[cfg(feature = "josekit")]
mod jwt;
mod randomness;
mod rfc;
mod robustness;
mod tokens;
mod vectors;
mod verifier;
