//! Routes that show and end sessions.

pub(crate) mod get_session;
pub(crate) mod list_and_revoke;
pub(crate) mod sign_out;
pub(crate) mod update_session;
