//! The server beside the real Better Auth: the pinned npm package, its client library, its migration
//! tool, and token libraries of other languages. `node/` holds the scripts; `cargo xtask test` installs
//! what they need. Nothing here is a double: each test has its own database and its own processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

/// Whether the person who started the tests asked to do without a tool: `cargo xtask test --without node` says so
/// here, and says at its end what was not tested. A tool that is merely missing fails the test.
fn is_left_out(tool: &str) -> bool {
    std::env::var("AUTH_TEST_WITHOUT").is_ok_and(|tools| tools.split(',').any(|it| it == tool))
}

/// Ends a test early if it was asked to do without one of its tools.
macro_rules! needs {
    ($($tool:literal),+) => {
        if $(crate::is_left_out($tool))||+ {
            return;
        }
    };
}

mod cache;
mod database;
mod http;
mod keys;
mod node;
mod normalise;
mod ours;
mod visitor;

mod browser;
mod client;
mod copies;
mod differential;
mod error_page;
mod guides;
mod hosts;
mod ids;
mod judgement;
mod jwt;
mod keyed_copies;
mod limiter;
mod origins;
mod pairing;
mod passwords;
mod python;
mod recordings;
mod schema;
mod sharing;
mod tokens;
