//! Use cases: what a request does, without anything of HTTP in it.

pub(crate) mod change_password;
mod email_and_password;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod sign_up;

pub(crate) use email_and_password::{AfterSignUp, EmailAndPassword, Offer};
