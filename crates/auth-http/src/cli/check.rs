//! `auth-server check`: prints the settings in effect, and checks whether the database can be used with them.

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use auth_http::logging::chain;
use auth_http::settings::Settings;
use auth_store::migrations::{self, Drift, Finding, Severity};
use auth_store::{Route, Store};

use super::Outcome;

/// Prints settings, warnings and the state of the database. Fails if the server could not serve.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let mut out = stdout().lock();
    writeln!(out, "settings")?;
    let width = settings.effective().iter().map(|key| key.key.len()).max().unwrap_or_default();
    for key in settings.effective() {
        let origin = key.origin.as_deref().unwrap_or("default");
        writeln!(out, "  {:width$} = {}  ({origin})", key.key, key.shown)?;
    }
    for warning in settings.warnings() {
        writeln!(out, "  warning: {warning}")?;
    }

    writeln!(out, "database {}", settings.database.url)?;
    let usable = connection(&mut out, settings).await? & schema(&mut out, settings).await?;
    if usable {
        second_factors(&mut out, settings).await?;
    }
    Ok(if usable { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Connects with the settings that requests use.
async fn connection(out: &mut impl Write, settings: &Settings) -> std::io::Result<bool> {
    let pool = settings.database.pool(settings.server.workers);
    let report = async { Store::connect_lazily(pool)?.verify_connection().await };
    match report.await {
        Ok(report) => {
            let route = match report.route {
                Route::Direct => "directly",
                Route::TransactionPooler => "through a pooler in transaction mode",
            };
            writeln!(out, "  connection: ok, PostgreSQL {} reached {route}", report.server_version)?;
            Ok(true)
        }
        Err(error) => {
            writeln!(out, "  connection: failed, {}", chain(&error))?;
            Ok(false)
        }
    }
}

/// Checks migrations and schema over the direct connection.
async fn schema(out: &mut impl Write, settings: &Settings) -> std::io::Result<bool> {
    let layout = settings.database.layout(settings.tables());
    let looked = async {
        let (url, note) = settings.database.url_for_migrations()?;
        let plan = migrations::plan(&url, layout.clone()).await?;
        let added = migrations::fields::plan(&url, &settings.fields, &layout.names).await?;
        let findings = migrations::fields::check(&url, &settings.fields, layout).await?;
        Ok::<_, Box<dyn Error>>((note, plan, added.len(), findings))
    };
    let (note, plan, added, findings) = match looked.await {
        Ok(found) => found,
        Err(error) => {
            writeln!(out, "  migrations: cannot be looked at, {}", chain(&*error))?;
            return Ok(false);
        }
    };
    if let Some(note) = note {
        writeln!(out, "  note: {note}")?;
    }
    if !plan.pending.is_empty() {
        let features = plan.pending.join(", ");
        writeln!(out, "  migrations: tables of {features} pending, run `auth-server migrate up`")?;
        list(out, &plan.obstacles)?;
        return Ok(false);
    }
    if added > 0 {
        writeln!(out, "  additional fields: {added} statements pending, run `auth-server migrate up`")?;
        list(out, &findings)?;
        return Ok(false);
    }
    writeln!(out, "  migrations: ok, none pending")?;
    list(out, &findings)?;
    Ok(!findings.iter().any(|finding| finding.severity == Severity::Breaks))
}

/// Reports how many users have a second factor of a Node server. This server cannot ask for it.
async fn second_factors(out: &mut impl Write, settings: &Settings) -> std::io::Result<()> {
    let count = async {
        let store = Store::connect_lazily(settings.database.pool(settings.server.workers))?
            .with_fields(Arc::new(settings.fields.clone()))
            .with_ids(settings.database.generate_id);
        let gates = store.user_gates().await?;
        store.users().count_with_two_factor(&gates).await
    };
    match count.await {
        Ok(0) => Ok(()),
        Ok(1) => writeln!(out, "  warning: 1 user has a second factor, which this server cannot ask for"),
        Ok(users) => {
            writeln!(out, "  warning: {users} users have a second factor, which this server cannot ask for")
        }
        Err(error) => writeln!(out, "  warning: second factors cannot be counted, {}", chain(&error)),
    }
}

fn list(out: &mut impl Write, findings: &[Finding]) -> std::io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    Drift(findings).to_string().lines().try_for_each(|line| writeln!(out, "  {line}"))
}
