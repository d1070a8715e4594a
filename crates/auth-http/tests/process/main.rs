//! The binary as a process: what it does to stalling, flooding and leaving clients, to signals, outages and
//! wrong settings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod cleanup;
mod command_line;
mod cors;
mod flood;
mod health;
mod log;
mod peers;
mod process;
mod proxies;
mod restart;
mod services;
mod shutdown;
