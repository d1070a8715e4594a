//! The server over real HTTP and real PostgreSQL: one file per file of handlers, and one per rule that
//! crosses them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod bearer;
mod change_password;
mod clock;
mod cookie_cache;
mod cookies;
mod coverage;
mod credentials;
mod deferred;
mod error_page;
mod fields;
mod fixation;
mod framing;
mod gates;
mod guards;
mod hosts;
mod ids;
mod input;
mod jwt;
mod keyed_cookie_cache;
mod mounted;
mod order;
mod origin;
mod password_attempts;
mod rate_limit;
mod redirects;
mod replica;
mod secrets;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod sign_up;
mod sign_up_unseen;
mod statements;
mod username;
