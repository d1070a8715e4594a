//! `auth-server cleanup`: removes expired rows once, for operators who schedule it themselves.

use std::io::{Write, stdout};
use std::process::ExitCode;

use auth_http::cleanup::Cleanup;
use auth_http::clock::Clock;
use auth_http::settings::Settings;

use super::Outcome;

/// Removes all expired rows, and prints the number of rows removed from each table.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let mut out = stdout().lock();
    for (table, removed) in Cleanup::new(settings, Clock::system()).once().await? {
        writeln!(out, "removed {removed} of {}", table.table())?;
    }
    Ok(ExitCode::SUCCESS)
}
