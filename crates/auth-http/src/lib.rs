//! An auth server for Actix that is compatible with Better Auth: same paths, JSON, status codes, cookies and
//! headers.
//!
//! The crate has two entry points. [`Application`] is the whole server, as the binary `auth-server` runs it:
//! listener, limits, log, health checks and graceful shutdown. [`Auth`] is only the routes, for an Actix app
//! that has its own routes, middleware and error pages. A handler of that app gets the caller through the
//! extractor [`Acting`]:
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
//! Both read their [`settings`] from the same file and environment variables. No other code reads the
//! environment.
//!
//! # Layers
//!
//! Each layer uses only the layers below it:
//!
//! - `server`: listener, deadlines, probes, log, background work.
//! - `app`: builds services and features from the settings and mounts them.
//! - `features`: one folder for each feature: its routes, settings and errors.
//! - `session`, `password`, [`signing_keys`]: services that several features share.
//! - `web`: request bodies and their checks, origins, hosts, clients, rate limits, errors.
//! - `config`: the types of settings values, and the clock.

mod app;
mod config;
mod features;
mod password;
mod server;
mod session;
pub mod signing_keys;
mod web;

pub use app::{Auth, AuthError, error_codes, routes, settings};
pub use config::route_path::RoutePath;
pub use config::{clock, glob};
pub use password::hashing;
pub use server::{Application, ApplicationHandle, StartError, cleanup, logging};
pub use session::acting::Acting;
pub use session::credential::{Caller, KnownBy};
pub use web::access::{Access, CookieCacheUse};
pub use web::body::{BodyRule, MediaTypes};
pub use web::error::{ApiError, Unauthorized};
pub use web::error_code::ErrorCode;
pub use web::rate_limit::{CustomRule, ParseRuleError, RateRule};
pub use web::route_facts::{CachePolicy, RouteFacts};
pub use web::{client_address, host, origin};
