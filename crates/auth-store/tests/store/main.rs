//! The store against real Postgres: one database per test, made by `auth_store::testing`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod account;
mod cleanup;
mod earlier;
mod errors;
mod fields;
mod gates;
mod ids;
mod injection;
mod key;
mod lookup;
mod made;
mod migrations;
mod names;
mod outage;
mod parts;
mod pipeline;
mod pool;
mod pooler;
mod races;
mod rate_limit;
mod recovery;
mod registration;
mod schema;
mod session;
mod sign_in;
mod tls;
mod user;
mod verification;
