//! What each verifier takes and refuses, tried with tokens that carry a right signature over wrong contents.

mod access;
mod claims;
mod email;
mod form;
mod kinds;
mod support;
