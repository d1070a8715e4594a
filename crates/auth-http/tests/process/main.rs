//! The binary as a process: what it does to slow and large requests, to signals, outages and wrong settings. What has
//! to be measured on an idle machine is in the binary `alone`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod cleanup;
mod command_line;
mod cors;
mod health;
mod kill;
mod log;
mod peers;
mod proxies;
mod restart;
mod services;
mod shutdown;

use test_support::Program;

const SERVER: Program = Program::at(env!("CARGO_BIN_EXE_auth-server"));
