//! Capabilities: each is one folder with its routes, settings, errors and hooks. A feature never uses another one;
//! what two of them need is a module of its own below them.

pub(crate) mod email_password;
pub(crate) mod jwt;
pub(crate) mod sessions;
pub(crate) mod system;
pub(crate) mod token_api;
