//! Tokens of Better Auth's `jwt` plugin: the reference's own, and what must not pass for one.

#![cfg(feature = "josekit")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cache;
mod issuing;
mod keys;
mod refusals;
mod support;
mod vectors;
mod verifier;
