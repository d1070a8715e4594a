//! The token API: this project's own routes.

pub(crate) mod user;
