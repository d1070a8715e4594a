//! What each verifier takes and refuses, tried with tokens that carry a right signature over wrong contents.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod access;
mod claims;
mod email;
mod form;
mod kinds;
mod support;
