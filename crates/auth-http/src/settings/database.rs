//! `[database]`: the way to PostgreSQL, and how long anything there may take.

use std::time::Duration;

use auth_core::Secret;

use super::error::{Problem, SettingsError};
use super::reader::Reader;

/// The way to PostgreSQL.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// URL for requests; may go through a pooler.
    pub url: Secret<String>,
    /// URL past any pooler, for migrations and locks; `None`: derived from `url`.
    pub direct_url: Option<Secret<String>>,
    /// Connections held at most, over all workers.
    pub max_connections: usize,
    /// Time a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// Time to open a connection.
    pub connect_timeout: Duration,
    /// `statement_timeout` of every connection.
    pub statement_timeout: Duration,
    /// `lock_timeout` of every connection.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` of every connection.
    pub idle_in_transaction_timeout: Duration,
}

impl DatabaseSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        const KEY: &str = "database.url";
        let range = Duration::from_millis(10)..=Duration::from_secs(600);
        let url = reader.secret(KEY)?.ok_or_else(|| {
            let way_out =
                "set it, or DATABASE_URL, to the database's address, such as postgres://user@host/name";
            reader.problem(KEY, Problem::Missing { way_out })
        })?;
        let direct_url = reader.secret("database.direct_url")?;
        for (key, url) in [(KEY, Some(&url)), ("database.direct_url", direct_url.as_ref())] {
            let schemes = ["postgres://", "postgresql://"];
            if url.is_some_and(|url| !schemes.iter().any(|scheme| url.expose().starts_with(scheme))) {
                return Err(reader.expected(key, "an address that starts with postgres:// or postgresql://"));
            }
        }
        Ok(Self {
            url,
            direct_url,
            max_connections: reader.number("database.max_connections", 1..=10_000)?,
            acquire_timeout: reader.span("database.acquire_timeout", range.clone())?,
            connect_timeout: reader.span("database.connect_timeout", range.clone())?,
            statement_timeout: reader.span("database.statement_timeout", range.clone())?,
            lock_timeout: reader.span("database.lock_timeout", range.clone())?,
            idle_in_transaction_timeout: reader.span("database.idle_in_transaction_timeout", range)?,
        })
    }

    /// Gives one worker's share of the connections, at least one.
    pub fn connections_per_worker(&self, workers: usize) -> usize {
        (self.max_connections / workers.max(1)).max(1)
    }
}
