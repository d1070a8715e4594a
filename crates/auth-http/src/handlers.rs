//! Routes: each extracts, calls one flow and replies.

pub(crate) mod change_password;
pub(crate) mod error_page;
pub(crate) mod ok;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod sign_up;
pub(crate) mod token;
pub(crate) mod update_session;
pub(crate) mod user;
