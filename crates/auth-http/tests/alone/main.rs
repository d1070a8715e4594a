//! What is true of a machine that does nothing else: times that an answer must not tell apart, deadlines of outages,
//! and latencies under floods. The suite runs the tests of this binary one at a time, and nothing beside them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod flood;
mod outage;
mod peers;
mod timing;

use test_support::Program;
use tokio::sync::{Mutex, MutexGuard};

const SERVER: Program = Program::at(env!("CARGO_BIN_EXE_auth-server"));

/// Waits until no other test of this binary runs, for `cargo test`, which runs them side by side.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
