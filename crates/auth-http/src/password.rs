//! Passwords: hashing within bounds, tries per account, and the use cases that need both.

pub(crate) mod attempts;
pub(crate) mod change_password;
pub(crate) mod email_and_password;
pub mod hashing;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
