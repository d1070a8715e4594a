//! `[database]`: the connection to PostgreSQL, and its timeouts.

use std::sync::Arc;
use std::time::Duration;

use auth_store::migrations::Layout;
use auth_store::{DatabaseUrl, DatabaseUrlError, IdKind, PoolSettings, TableNames, TableSet};
use serde::{Deserialize, Deserializer, de};

use crate::config::span::{self, DAY, MINUTE};
use crate::config::{Problem, SecretText, Section, SettingsError, values};

/// The connection to PostgreSQL.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// Address for requests; may be that of a connection pooler.
    #[serde(deserialize_with = "url")]
    pub url: DatabaseUrl,
    /// Address that bypasses any pooler, for migrations and locks; `None`: derived from `url`.
    #[serde(deserialize_with = "optional_url")]
    pub direct_url: Option<DatabaseUrl>,
    /// How the tables store the ids of their rows.
    #[serde(deserialize_with = "generate_id")]
    pub generate_id: IdKind,
    /// Maximum number of connections, over all workers.
    #[serde(deserialize_with = "values::whole::<1, 10_000, _, _>")]
    pub max_connections: u32,
    /// Time a request waits for a free connection.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub acquire_timeout: Duration,
    /// Time to open a connection.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub connect_timeout: Duration,
    /// Time for one operation in total, including waiting and retries.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub operation_timeout: Duration,
    /// `statement_timeout` of every connection.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub statement_timeout: Duration,
    /// `lock_timeout` of every connection.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` of every connection.
    #[serde(deserialize_with = "span::within::<10, { 10 * MINUTE }, _>")]
    pub idle_in_transaction_timeout: Duration,
    /// Time after which an idle connection is closed.
    #[serde(deserialize_with = "span::within::<10, { 7 * DAY }, _>")]
    pub idle_timeout: Duration,
    /// Time after which a connection is replaced.
    #[serde(deserialize_with = "span::within::<10, { 7 * DAY }, _>")]
    pub max_lifetime: Duration,
    /// The names of tables and columns in the database, from `[database.names]`.
    #[serde(skip)]
    pub names: Arc<TableNames>,
}

impl Section for DatabaseSettings {
    const NAME: &'static str = "database";
    const APART: &'static [&'static str] = &["names"];
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

impl DatabaseSettings {
    /// Returns the settings of one worker's pool: its share of the connections, at least one.
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

    /// Returns how these tables are laid out: kind of ids and names.
    pub fn layout(&self, tables: TableSet) -> Layout {
        Layout { ids: self.generate_id, names: Arc::clone(&self.names), tables }
    }

    /// Returns the address for migrations, and a note for the operator if it was derived.
    ///
    /// # Errors
    /// [`DatabaseUrlError`] if the derived address cannot be parsed.
    pub fn url_for_migrations(&self) -> Result<(DatabaseUrl, Option<String>), DatabaseUrlError> {
        DatabaseUrl::for_migrations(&self.url, self.direct_url.as_ref())
    }
}

fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DatabaseUrl, D::Error> {
    let way_out = "set it, or DATABASE_URL, to the database's address, such as postgres://user@host/name";
    optional_url(deserializer)?.ok_or_else(|| de::Error::custom(Problem::Missing { way_out }))
}

fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DatabaseUrl>, D::Error> {
    let text = SecretText::deserialize(deserializer)?;
    text.text().map(|text| DatabaseUrl::parse(text.expose())).transpose().map_err(|error| {
        values::refused(error, "write it like postgres://user:password@host/name?sslmode=verify-full")
    })
}

fn generate_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IdKind, D::Error> {
    values::word(deserializer, &IdKind::ALL.map(|ids| (ids.name(), ids)))
}
