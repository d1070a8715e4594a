//! An auth server for Actix that speaks the wire of Better Auth.

mod application;
mod auth;
mod client;
pub mod client_address;
pub mod clock;
mod connection;
mod error;
mod extract;
mod flow;
mod handlers;
pub mod hashing;
mod health;
pub mod logging;
mod middleware;
pub mod origin;
mod reply;
pub mod routes;
mod server;
pub mod settings;
mod state;
mod validation;

pub use application::{Application, ApplicationHandle, StartError};
pub use auth::{Auth, AuthError};
pub use error::{ApiError, Unauthorized};
pub use extract::Acting;
pub use flow::session::{Caller, KnownBy};
