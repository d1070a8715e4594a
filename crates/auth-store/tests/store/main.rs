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
mod made;
mod migrations;
mod outage;
mod races;
mod registration;
mod schema;
mod session;
mod user;
mod verification;
