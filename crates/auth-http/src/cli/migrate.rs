//! `auth-server migrate`: manages the schema over the direct connection.

use std::io::{Write, stdout};
use std::process::ExitCode;

use auth_http::settings::SchemaSettings;
use auth_store::migrations::{self, Data, Drift};
use clap::Subcommand;

use super::Outcome;

/// What to do with migrations.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Action {
    /// Adds what is missing; the default.
    Up,
    /// Lists the features that have tables, and when those were made.
    Status,
    /// Prints what `up` would run, and runs nothing.
    Plan,
    /// Compares the live schema with what this server and Node's Better Auth need; fails on drift.
    Check,
    /// Takes back what was made for the last feature.
    Down {
        /// Drops tables even if they have rows.
        #[arg(long)]
        drop_data: bool,
    },
}

/// Runs one action and prints its result.
pub(super) async fn run(settings: &SchemaSettings, action: Action) -> Outcome {
    let (url, note) = settings.database.url_for_migrations()?;
    let layout = settings.database.layout(settings.tables.clone());
    let mut out = stdout().lock();
    if let Some(note) = note {
        writeln!(out, "{note}")?;
    }
    match action {
        Action::Up => {
            let applied = migrations::up(&url, layout).await?;
            for change in &applied.changes {
                writeln!(out, "made {change}")?;
            }
            for feature in &applied.features {
                writeln!(out, "recorded the tables of {feature}")?;
            }
            let added = migrations::fields::up(&url, &settings.fields, &settings.database.names).await?;
            for statement in &added {
                writeln!(out, "ran {statement}")?;
            }
            if applied.is_empty() && added.is_empty() {
                writeln!(out, "nothing to do")?;
            }
        }
        Action::Status => {
            for status in migrations::status(&url, layout).await? {
                writeln!(out, "{status}")?;
            }
        }
        Action::Plan => {
            let plan = migrations::plan(&url, layout).await?;
            let added = migrations::fields::plan(&url, &settings.fields, &settings.database.names).await?;
            if !plan.pending.is_empty() || !plan.changes.is_empty() || added.is_empty() {
                writeln!(out, "{plan}")?;
            }
            for statement in &added {
                writeln!(out, "{statement};")?;
            }
            if !plan.obstacles.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Action::Check => {
            let findings = migrations::fields::check(&url, &settings.fields, layout).await?;
            writeln!(out, "{}", Drift(&findings))?;
            // Harmless drift fails too. This command is for pipelines; `auth-server check` reports whether
            // the server can serve.
            if !findings.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Action::Down { drop_data } => {
            match migrations::down(&url, if drop_data { Data::Drop } else { Data::Keep }, &layout.names)
                .await?
            {
                Some(reverted) => writeln!(out, "{reverted}")?,
                None => writeln!(out, "nothing to take back")?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
