//! Asking an auth server: what may be asked, what is made of its answers, and what a hostile one can do.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod addresses;
mod answers;
#[cfg(feature = "jwks")]
mod keys;
mod tls;
mod wire;
