//! What a service asks its auth server over HTTPS: whether a session lives, and with the feature `jwks` its public keys
//! (`HttpKeys`).
//!
//! For services that share the secret and not the database. Most requests need nothing from here: an access token or a
//! cookie cache says who is calling. The rest is asked for, at most once for each session and
//! [`HttpSessions::with_cache`]'s time.
//!
//! ```no_run
//! use auth_client::{AuthServer, HttpSessions};
//! use auth_core::{Authenticator, Verifier};
//!
//! # fn make() -> Result<Authenticator, Box<dyn std::error::Error>> {
//! let server = AuthServer::new("https://auth.example.com/api/auth")?;
//! let authenticator = Authenticator::new(Verifier::from_vars(std::env::vars())?)
//!     .with_sessions(HttpSessions::new(&server)?);
//! # Ok(authenticator)
//! # }
//! ```
//!
//! # What leaves this machine
//!
//! Requests go to the one address that the service's author wrote down, by https, with the caller's own credential and no
//! other header of theirs. No redirect is followed, no proxy of the environment is used, and names that lead to private
//! addresses are refused unless [`AuthServer::allow_private_addresses`] allows them. An answer has
//! [`TIMEOUT`] and [`MAX_ANSWER_BYTES`] (rule R-128).

mod address;
#[cfg(feature = "jwks")]
mod keys;
mod server;
mod sessions;

#[cfg(feature = "jwks")]
pub use keys::HttpKeys;
pub use server::{AuthServer, AuthServerError, MAX_ANSWER_BYTES, RequestError, TIMEOUT};
pub use sessions::{HttpSessions, MAX_CACHE_TTL};
