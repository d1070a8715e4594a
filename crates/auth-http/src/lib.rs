//! An auth server for Actix that speaks the wire of Better Auth.

mod auth;
pub mod client_address;
pub mod clock;
mod error;
mod extract;
mod flow;
mod handlers;
pub mod hashing;
pub mod logging;
pub mod origin;
mod reply;
pub mod routes;
pub mod settings;
mod state;
mod validation;

pub use auth::{Auth, AuthError};
pub use error::{ApiError, Unauthorized};
pub use extract::Acting;
pub use flow::session::Caller;
