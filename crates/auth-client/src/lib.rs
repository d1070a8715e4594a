//! A client for the auth server, over HTTPS: it looks up sessions and, with the feature `jwks`, reads the
//! public keys (`HttpKeys`).
//!
//! For services that share the server's secret but not its database. Most requests need no lookup, because an
//! access token or a cookie cache proves who the caller is. Other sessions are requested from the server, at
//! most once per session and lifetime of a cache entry ([`HttpSessions::with_cache`]).
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
//! Requests go only to the configured address, over https. They carry the caller's own credential and no
//! other header of the caller. Redirects are not followed, and proxies from the environment are not used.
//! Names that resolve to private addresses are refused unless [`AuthServer::allow_private_addresses`] allows
//! them. Responses are limited by [`TIMEOUT`] and [`MAX_ANSWER_BYTES`] (rule R-128).

mod address;
#[cfg(feature = "jwks")]
mod keys;
mod server;
mod sessions;

#[cfg(feature = "jwks")]
pub use keys::HttpKeys;
pub use server::{AuthServer, AuthServerError, MAX_ANSWER_BYTES, RequestError, TIMEOUT};
pub use sessions::{HttpSessions, MAX_CACHE_TTL};
