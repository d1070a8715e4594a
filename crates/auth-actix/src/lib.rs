//! Extractors for [actix-web](actix_web) that authenticate the caller. A handler with a [`Principal`]
//! argument accepts only signed-in users.
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use auth_actix::{Authentication, Principal};
//!
//! async fn hello(caller: Principal) -> String {
//!     format!("hello {}", caller.user_id())
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let authentication = Authentication::from_env()?;
//! HttpServer::new(move || App::new().app_data(authentication.clone()).route("/hello", web::get().to(hello)))
//!     .bind(("127.0.0.1", 8080))?
//!     .run()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! | extractor | accepts |
//! |---|---|
//! | [`Principal`] | callers who are signed in |
//! | [`OptionalPrincipal`] | every caller, except one with an invalid bearer token |
//! | [`RequireFresh`] | callers who signed in recently; the session is looked up |
//! | [`RequireRole`] | callers with a role |
//!
//! A refusal is a response of the handler, so CORS and other middleware see it. It has Better Auth's shape
//! unless [`Authentication::on_refusal`] replaces it. [`Verifier`](auth_core::Verifier) documents the checks
//! and their order, [`Authenticator`](auth_core::Authenticator) the session lookups.
//!
//! Browsers send a session cookie with every request to a same-site address, even from a page of another
//! origin. Routes that change something and accept cookies must therefore check the `Origin` header. Bearer
//! tokens need no such check.

mod authentication;
mod extract;
mod refused;

pub use auth_core::Role;
pub use authentication::Authentication;
pub use extract::{OptionalPrincipal, Principal, RequireFresh, RequireRole};
pub use refused::Refused;
