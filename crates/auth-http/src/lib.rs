//! An auth server for Actix that speaks the wire of Better Auth.
//!
//! There are two ways in. [`Application`] is the whole server, as the binary `auth-server` runs it: it binds, limits,
//! logs, answers health checks and drains. [`Auth`] is only the routes, for an Actix app that has routes, middleware
//! and error pages of its own; a handler there learns who is calling by asking for [`Acting`]:
//!
//! ```no_run
//! use actix_web::{App, HttpServer, get};
//! use auth_http::{Acting, Auth, clock::Clock, settings::{Environment, Settings}};
//!
//! #[get("/hello")]
//! async fn hello(Acting(caller): Acting) -> String {
//!     format!("Hello, {}", caller.user.name)
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let auth = Auth::new(&Settings::load(&Environment::from_process())?, Clock::system())?;
//! HttpServer::new(move || App::new().configure(|app| auth.configure(app)).service(hello))
//!     .bind(("127.0.0.1", 8080))?
//!     .run()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`settings`] reads the same file and variables for both; nothing else looks at the environment.
//!
//! # Layers
//!
//! A request passes through them from top to bottom, and none knows the ones above it:
//!
//! - `server`, `connection`, `middleware`: deadlines and limits, the log line, cross-origin answers.
//! - [`routes`]: one table of method, path, handler and access.
//! - [`host`] and `site`: under which of its addresses a request reached the server, and what follows that.
//! - `extract`: what a handler asks for. The body, its origin and its fields are checked here in the reference's
//!   order, credentials are verified, and the clock is read once.
//! - `handlers`: from an extracted request to an answer, one file per route or pair of routes.
//! - `flow`: the use cases in `auth-core`'s types, without Actix; [`hashing`] does their passwords.
//! - `auth_store`: the database.
//! - `reply` and `error`: cookies, JSON, and the one table of status codes, on the way back.
//!
//! # Adding a route
//!
//! A handler and its input (`RouteBody`, which names media types and fields) in a file of `handlers`, the use case in
//! `flow`, a row in [`routes::ROUTES`]. Its `access` decides nothing by itself: the handler asks for [`Acting`], for
//! a body together with the caller, or, as Better Auth's own routes do, for a caller with a session whom a guard let in. `tests/api/coverage.rs` holds each row against what an anonymous caller is
//! answered, and `docs/COMPATIBILITY.md` says how the route differs from Better Auth's.

mod application;
mod auth;
pub mod cleanup;
mod client;
pub mod client_address;
pub mod clock;
mod connection;
mod error;
mod extract;
mod flow;
pub mod glob;
mod handlers;
pub mod hashing;
mod health;
pub mod host;
pub mod logging;
mod middleware;
pub mod origin;
mod rate_limit;
mod reply;
mod route_names;
mod route_path;
pub mod routes;
mod server;
pub mod settings;
pub mod signing_keys;
mod site;
mod state;
mod validation;

pub use application::{Application, ApplicationHandle, StartError};
pub use auth::{Auth, AuthError};
pub use error::{ApiError, Unauthorized};
pub use extract::Acting;
pub use flow::session::{Caller, KnownBy};
pub use rate_limit::{CustomRule, ParseRuleError, RateRule};
pub use route_path::RoutePath;
