//! `auth-server migrate`: the schema, over the direct connection.

use std::io::{Write, stdout};
use std::process::ExitCode;

use auth_http::settings::Settings;
use auth_store::migrations::{self, Data, Finding, Reverted, Severity};
use clap::Subcommand;

use super::Outcome;

/// What to do with migrations.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Action {
    /// Runs what is missing; the default.
    Up,
    /// Lists migrations and when they ran.
    Status,
    /// Prints what `up` would run, and runs nothing.
    Plan,
    /// Compares the live schema with what this server and Node's Better Auth need; fails where one of them
    /// would.
    Check,
    /// Takes the last migration back.
    Down {
        /// Drops tables even if they have rows.
        #[arg(long)]
        drop_data: bool,
    },
}

/// Does one action and prints what it did.
pub(super) async fn run(settings: &Settings, action: Action) -> Outcome {
    let (url, note) = settings.database.url_for_migrations()?;
    let mut out = stdout().lock();
    if let Some(note) = note {
        writeln!(out, "{note}")?;
    }
    match action {
        Action::Up => {
            let ran = migrations::up(&url).await?;
            for name in &ran {
                writeln!(out, "ran {name}")?;
            }
            if ran.is_empty() {
                writeln!(out, "nothing to do")?;
            }
        }
        Action::Status => {
            for status in migrations::status(&url).await? {
                let state = match (&status.applied_at, status.known) {
                    (None, _) => "pending".to_owned(),
                    (Some(at), true) if status.adopted => format!("adopted at {at}"),
                    (Some(at), true) => format!("ran at {at}"),
                    (Some(at), false) => format!("ran at {at}, by a newer build"),
                };
                writeln!(out, "{}  {state}", status.name)?;
            }
        }
        Action::Plan => {
            let plan = migrations::plan(&url).await?;
            for table in &plan.adopts {
                writeln!(out, "-- table {table} is there and would be adopted")?;
            }
            for migration in &plan.pending {
                writeln!(out, "-- {}\n{}", migration.name, migration.up.trim_end())?;
            }
            if plan.pending.is_empty() {
                writeln!(out, "nothing to do")?;
            }
            if !plan.obstacles.is_empty() {
                writeln!(out, "in the way:")?;
                list(&mut out, &plan.obstacles)?;
                return Ok(ExitCode::FAILURE);
            }
        }
        Action::Check => {
            let findings = migrations::check(&url).await?;
            list(&mut out, &findings)?;
            if findings.is_empty() {
                writeln!(out, "the schema is as both servers need it")?;
            }
            if breaks(&findings) {
                return Ok(ExitCode::FAILURE);
            }
        }
        Action::Down { drop_data } => {
            match migrations::down(&url, if drop_data { Data::Drop } else { Data::Keep }).await? {
                Some(Reverted::Dropped(name)) => writeln!(out, "reverted {name}")?,
                Some(Reverted::Forgotten(name)) => {
                    writeln!(out, "forgot {name}; its tables were there before and stay")?;
                }
                None => writeln!(out, "nothing to take back")?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells whether one of the servers would fail on such a schema.
pub(super) fn breaks(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Breaks)
}

/// Prints findings, each with the statement that removes it.
pub(super) fn list(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    for finding in findings {
        let kind = match finding.severity {
            Severity::Breaks => "error",
            Severity::Weakens => "warning",
        };
        writeln!(out, "  {kind}: {finding}")?;
        if let Some(fix) = &finding.fix {
            writeln!(out, "    {fix}")?;
        }
    }
    Ok(())
}
