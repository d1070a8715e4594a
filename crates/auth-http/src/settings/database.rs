//! `[database]`: the way to PostgreSQL, and how long anything there may take.

use std::sync::Arc;
use std::time::Duration;

use auth_store::migrations::Layout;
use auth_store::{DatabaseUrl, DatabaseUrlError, IdKind, PoolSettings, TableNames};

use super::error::{Problem, SettingsError};
use super::names;
use super::reader::Reader;

/// The way to PostgreSQL.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// Address for requests; may go through a pooler.
    pub url: DatabaseUrl,
    /// Address past any pooler, for migrations and locks; `None`: derived from `url`.
    pub direct_url: Option<DatabaseUrl>,
    /// How the tables keep the ids of their rows.
    pub generate_id: IdKind,
    /// Connections held at most, over all workers.
    pub max_connections: u32,
    /// Time a request waits for a free connection.
    pub acquire_timeout: Duration,
    /// Time to open a connection.
    pub connect_timeout: Duration,
    /// Time for one operation in all, waiting and retrying included.
    pub operation_timeout: Duration,
    /// `statement_timeout` of every connection.
    pub statement_timeout: Duration,
    /// `lock_timeout` of every connection.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` of every connection.
    pub idle_in_transaction_timeout: Duration,
    /// Time after which a connection without work is closed.
    pub idle_timeout: Duration,
    /// Time after which a connection is replaced.
    pub max_lifetime: Duration,
    /// What the database calls tables and columns.
    pub names: Arc<TableNames>,
}

impl DatabaseSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        const KEY: &str = "database.url";
        let seconds = |high| Duration::from_millis(10)..=Duration::from_secs(high);
        let url = url(reader, KEY)?.ok_or_else(|| {
            let way_out =
                "set it, or DATABASE_URL, to the database's address, such as postgres://user@host/name";
            reader.problem(KEY, Problem::Missing { way_out })
        })?;
        Ok(Self {
            url,
            direct_url: self::url(reader, "database.direct_url")?,
            generate_id: reader.choice("database.generate_id", &IdKind::ALL.map(|ids| (ids.name(), ids)))?,
            max_connections: reader.number("database.max_connections", 1..=10_000)?,
            acquire_timeout: reader.span("database.acquire_timeout", seconds(600))?,
            connect_timeout: reader.span("database.connect_timeout", seconds(600))?,
            operation_timeout: reader.span("database.operation_timeout", seconds(600))?,
            statement_timeout: reader.span("database.statement_timeout", seconds(600))?,
            lock_timeout: reader.span("database.lock_timeout", seconds(600))?,
            idle_in_transaction_timeout: reader.span("database.idle_in_transaction_timeout", seconds(600))?,
            idle_timeout: reader.span("database.idle_timeout", seconds(7 * 24 * 3_600))?,
            max_lifetime: reader.span("database.max_lifetime", seconds(7 * 24 * 3_600))?,
            names: Arc::new(names::read(reader)?),
        })
    }

    /// Gives the settings of one worker's pool: its share of the connections, at least one.
    pub fn pool(&self, workers: usize) -> PoolSettings {
        let workers = u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
        PoolSettings {
            max_connections: (self.max_connections / workers).max(1),
            acquire_timeout: self.acquire_timeout,
            connect_timeout: self.connect_timeout,
            operation_timeout: self.operation_timeout,
            statement_timeout: self.statement_timeout,
            lock_timeout: self.lock_timeout,
            idle_in_transaction_timeout: self.idle_in_transaction_timeout,
            idle_timeout: self.idle_timeout,
            max_lifetime: self.max_lifetime,
            names: Arc::clone(&self.names),
            ..PoolSettings::new(self.url.clone())
        }
    }

    /// Gives how the tables are kept.
    pub fn layout(&self) -> Layout {
        Layout { ids: self.generate_id, names: Arc::clone(&self.names) }
    }

    /// Gives the address for migrations, and a note for the operator where it had to be derived.
    ///
    /// # Errors
    /// [`DatabaseUrlError`] where the derived address cannot be read.
    pub fn url_for_migrations(&self) -> Result<(DatabaseUrl, Option<String>), DatabaseUrlError> {
        DatabaseUrl::for_migrations(&self.url, self.direct_url.as_ref())
    }
}

fn url(reader: &Reader, key: &str) -> Result<Option<DatabaseUrl>, SettingsError> {
    let Some(text) = reader.secret(key)? else { return Ok(None) };
    DatabaseUrl::parse(text.expose()).map(Some).map_err(|error| {
        let way_out = "write it like postgres://user:password@host/name?sslmode=verify-full";
        reader.problem(&reader.holder(key), Problem::Refused { reason: error.to_string(), way_out })
    })
}
