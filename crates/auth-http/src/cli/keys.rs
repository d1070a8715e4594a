//! `auth-server keys`: lists and rotates the keys that sign tokens of the `jwt` plugin.

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use auth_http::clock::Clock;
use auth_http::logging::chain;
use auth_http::settings::Settings;
use auth_http::signing_keys::{KeyReport, SigningError, SigningKeys};
use auth_store::Store;
use clap::Subcommand;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Outcome;

/// What to do with keys.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Action {
    /// Lists the keys: name, algorithm, times, which one signs, and which this server cannot use; the
    /// default.
    List,
    /// Makes a new key, which signs from now on; tokens of the others verify to their end.
    Rotate,
}

/// Runs one action and prints its result. Never prints a private key, encrypted or not.
pub(super) async fn run(settings: &Settings, action: Action) -> Outcome {
    let keys = SigningKeys::new(&settings.jwt, &settings.security.secrets);
    let store = Store::connect_lazily(settings.database.pool(1))?.with_ids(settings.database.generate_id);
    let now = Clock::system().now();
    let mut out = stdout().lock();
    if !settings.jwt.enabled {
        writeln!(out, "jwt.enabled is off: no token is signed")?;
    }
    match action {
        Action::List => {
            let all = keys.list(&store, now).await.map_err(explained)?;
            if all.is_empty() {
                writeln!(out, "no key yet; the first token makes one")?;
            }
            for report in &all {
                line(&mut out, report)?;
            }
        }
        Action::Rotate => {
            let made = keys.rotate(&store, now).await.map_err(explained)?;
            for report in keys.list(&store, now).await?.iter().filter(|report| report.key.id == made.id) {
                line(&mut out, report)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Explains what to do if the database was migrated while `jwt` was off.
fn explained(error: SigningError) -> Box<dyn Error> {
    match error {
        SigningError::Store(store) if store.is_missing_table() => {
            "the database has no table for keys; set jwt.enabled = true and run `auth-server migrate up`"
                .into()
        }
        error => error.into(),
    }
}

fn line(out: &mut impl Write, report: &KeyReport) -> std::io::Result<()> {
    let KeyReport { key, signs, published, unusable } = report;
    let state = match (signs, published) {
        (true, _) => "signs",
        (false, true) => "verifies",
        (false, false) => "is over",
    };
    let algorithm = key.algorithm.as_deref().unwrap_or("(none)");
    let (created, expires) = (moment(key.created_at), key.expires_at.map_or("never".to_owned(), moment));
    write!(out, "{}  {algorithm:6}  created {created}  expires {expires:20}  {state}", key.id)?;
    match unusable {
        None => writeln!(out),
        Some(error) => writeln!(out, ", unreadable here: {}", chain(error)),
    }
}

/// Formats a time to the second.
fn moment(at: OffsetDateTime) -> String {
    at.replace_nanosecond(0).unwrap_or(at).format(&Rfc3339).unwrap_or_default()
}
