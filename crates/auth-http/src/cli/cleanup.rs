//! `auth-server cleanup`: removes what has run out, for those who let a timer of their own do it.

use std::io::{Write, stdout};
use std::process::ExitCode;

use auth_http::cleanup::Cleanup;
use auth_http::clock::Clock;
use auth_http::settings::Settings;

use super::Outcome;

/// Removes it all and prints how many rows of which table went.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let mut out = stdout().lock();
    for (table, removed) in Cleanup::new(settings, Clock::system()).once().await? {
        writeln!(out, "removed {removed} of {}", table.table())?;
    }
    Ok(ExitCode::SUCCESS)
}
