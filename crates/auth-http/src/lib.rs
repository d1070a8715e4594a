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
//! Each knows only those below it:
//!
//! - `server`: listener, deadlines, probes, log, background work.
//! - `app`: builds services and features from the settings and mounts them.
//! - `features`: one folder for each capability: its routes, settings and errors.
//! - `session`, `password`, [`signing_keys`]: what several features need.
//! - `web`: bodies and their checks, origins, hosts, clients, rate limits, errors.
//! - `config`: values that settings are made of, and the clock.

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
