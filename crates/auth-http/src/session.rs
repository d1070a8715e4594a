//! Sessions: the one place that makes, reads, refreshes and ends them.

pub(crate) mod auth_jwt;
pub(crate) mod auth_token;
pub(crate) mod caller;
pub(crate) mod checked;
pub(crate) mod credentials;
pub(crate) mod guard;
pub(crate) mod hosts;
pub(crate) mod read_flags;
pub(crate) mod reply;
pub(crate) mod sign_out;
pub(crate) mod site;
