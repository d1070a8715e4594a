//! Tokens of Better Auth's `jwt` plugin: the reference's own, and what must not pass for one.

mod cache;
mod issuing;
mod keys;
mod refusals;
mod support;
mod vectors;
mod verifier;
