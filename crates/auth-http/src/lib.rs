//! An auth server for Actix that speaks the wire of Better Auth.

pub mod client_address;
pub mod clock;
pub mod hashing;
pub mod logging;
pub mod settings;
