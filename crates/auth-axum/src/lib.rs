//! Who is calling, as extractors for axum: a route that asks for a [`Principal`] is a route for signed-in users.
//!
//! ```no_run
//! use auth_axum::{Authentication, Principal};
//! use axum::{Extension, Router, routing::get};
//!
//! async fn hello(caller: Principal) -> String {
//!     format!("hello {}", caller.user_id())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let authentication = Authentication::from_env()?;
//! let app = Router::new().route("/hello", get(hello)).layer(Extension(authentication));
//! axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//! # Ok(())
//! # }
//! # let app = Router::<()>::new().route("/hello", get(hello));
//! ```
//!
//! | extractor | lets through |
//! |---|---|
//! | [`Principal`] | callers who are signed in |
//! | [`OptionalPrincipal`], `Option<Principal>` | every caller; a bearer token that does not verify is refused all the same |
//! | [`RequireFresh`] | callers who signed in a short while ago, by a session that is looked up |
//! | [`RequireRole`] | callers with a role |
//!
//! A refusal is a response of the handler, so CORS and other layers see it; it has Better Auth's shape unless
//! [`Authentication::on_refusal`] gives it another. What is checked, and in which order, is
//! [`Verifier`](auth_core::Verifier)'s; what is looked up, [`Authenticator`](auth_core::Authenticator)'s.
//!
//! A session cookie comes with every request that a page of another origin makes to a same-site address. Routes that
//! change something by cookie have to check the `Origin`, as every use of cookies does; bearer tokens need no such care.

mod authentication;
mod extract;
mod refused;

pub use auth_core::Role;
pub use authentication::Authentication;
pub use extract::{OptionalPrincipal, Principal, RequireFresh, RequireRole};
pub use refused::Refused;
