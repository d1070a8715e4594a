//! Shared support for the tests of this workspace: a server in the test's process, a client for it, and the
//! server's binary as a separate process.
//!
//! A test of one route starts a server with a signed-in user, sends a request, and compares the response:
//!
//! ```no_run
//! # use serde_json::json;
//! # use test_support::TestApp;
//! # async fn a_session_is_listed_to_its_user() {
//! let (app, ann) = TestApp::signed_in(&[]).await;
//! let listed = app.get_as(&ann.cookie(), "/list-sessions").await;
//! assert_eq!((listed.status, listed.json()), (200, json!([ann.json()["session"]])));
//! # }
//! ```
//!
//! - [`Server`] runs the server on its own thread, with a clock that the test can move. It stops on drop,
//!   also when the test panics.
//! - [`TestApp`] is a server with its own database and a client. The database is dropped after the server.
//! - [`Answer`] is a complete response; [`CredentialHeader`] is the cookie or the token in a request.
//! - [`Program`] runs the binary `auth-server` as a [`Process`], for tests of signals, logs, memory and the
//!   command line.
//!
//! Passwords are hashed at low cost ([`TEST_HASHES`]); tests of the hashes use [`SHIPPED_HASHES`].
//!
//! Set-up failures panic, because a test without a server has failed. [`Server::start`] returns them as
//! errors.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "for tests only; a failed set-up is a failed test"
)]

mod answer;
mod app;
mod credential;
mod process;
mod route;
mod server;
mod slow_peer;
mod token;

pub use answer::Answer;
pub use app::{SECRET, SettingsFile, TestApp};
pub use credential::{CredentialHeader, PASSWORD, email_and_password};
pub use process::{Process, Program, p99, to_end};
pub use route::{TestRoute, all_routes, error_codes, every_feature, routes, routes_of, routes_with};
pub use server::{Server, StartFailure};
pub use slow_peer::{SLOW_WAYS, stall};
pub use token::{claims, from_base64, header, to_base64};

/// Settings for a very cheap password hash: argon2id with 8 KiB of memory and one pass.
pub const TEST_HASHES: [(&str, &str); 2] =
    [("AUTH__PASSWORD__ARGON2__MEMORY_KIB", "8"), ("AUTH__PASSWORD__ARGON2__ITERATIONS", "1")];

/// Settings for the password hash of `config/default.toml`.
pub const SHIPPED_HASHES: [(&str, &str); 2] =
    [("AUTH__PASSWORD__ARGON2__MEMORY_KIB", "19456"), ("AUTH__PASSWORD__ARGON2__ITERATIONS", "2")];
