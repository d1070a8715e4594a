//! Bringing a database to the schema of this build, and telling how far it is from it.
//!
//! The functions take the direct address of the database (see
//! [`DatabaseUrl::for_migrations`](crate::DatabaseUrl::for_migrations)), open one connection, and work
//! on any tokio runtime, the current-thread one of a web worker included. `migrations/README.md` is
//! the operator's page.

pub mod embedded;
pub mod fields;
mod live;
mod report;
pub mod schema_check;

use std::sync::Arc;
use std::time::Duration;

use auth_core::DeclaredFields;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, sql_query};
use tokio_postgres::Client;

use crate::connection::{ConnectError, Connector, Patience};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::id::IdKind;
use crate::names::{NamedConnection, TableNames};
use crate::pooler;
use crate::tls::TlsError;

pub use embedded::Migration;
pub use report::Drift;
pub use schema_check::{Finding, Problem, Severity};

/// Table that records what has run. Not Diesel's, so that an application's own migrations and these
/// do not meet.
pub const BOOKKEEPING_TABLE: &str = "auth_schema_migrations";

/// Begins a transaction and takes the advisory lock that starters queue at (its number says "authmigr").
/// The settings are the transaction's, so that they are right behind a pooler too; the lock is waited
/// for longer than a table is.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL client_min_messages = warning; \
     SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(7022647185815201650); \
     SET LOCAL lock_timeout = '10s'";

/// Longest time for opening the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a sleeping or starting database is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why migrations did not run or could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// No connection, or one through a pooler that must not be used.
    #[error("the database cannot be reached for migrations")]
    Connect(#[source] ConnectError),
    /// TLS cannot be set up as the address asks.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Tables of the same names are there and are not Better Auth's; nothing was changed.
    #[error("the database has tables that cannot be adopted: {}", list(findings))]
    NotAdoptable {
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// What ran before made or adopted tables of other names or another kind of ids; nothing was changed.
    #[error(
        "what ran before does not fit the settings, of which [database.names] and database.generate_id say how the tables are: {}",
        list(findings)
    )]
    NotAsRecorded {
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// `down` would have dropped other tables than `up` made.
    #[error(
        "migration {name} made the tables {}, and [database.names] calls them {}; set the names that it ran with",
        made.join(", "), called.join(", ")
    )]
    OtherNames {
        /// Which migration.
        name: &'static str,
        /// Its tables.
        made: Vec<String>,
        /// What they would be called now.
        called: Vec<String>,
    },
    /// A migration failed and was rolled back.
    #[error("migration {name} failed and was rolled back")]
    Failed {
        /// Which one.
        name: &'static str,
        /// What the database said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// `down` would have dropped rows.
    #[error("migration {name} keeps data ({}); ask for its loss explicitly to revert it", tables.join(", "))]
    WouldLoseData {
        /// Which migration.
        name: &'static str,
        /// Tables that are not empty.
        tables: Vec<String>,
    },
    /// The database has run a migration that this build does not know.
    #[error("the database has migration {name}, which this build does not know; use the newer build")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// The record of what has run, or the catalogue, could not be read.
    #[error("the state of the database could not be read")]
    Query(#[source] tokio_postgres::Error),
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// What a database's tables are called, and how they keep ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How ids are kept.
    pub ids: IdKind,
    /// What tables and columns are called.
    pub names: Arc<TableNames>,
}

/// Better Auth's own names.
impl From<IdKind> for Layout {
    fn from(ids: IdKind) -> Self {
        Self { ids, names: Arc::default() }
    }
}

/// One migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// The migration's name.
    pub name: String,
    /// When it ran (RFC 3339, UTC), if it did.
    pub applied_at: Option<String>,
    /// Whether tables were there before it ran.
    pub adopted: bool,
    /// Whether this build has it.
    pub known: bool,
}

/// What [`up`] would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The migrations that would run, with their SQL.
    pub pending: Vec<Migration>,
    /// Tables that are there already and would be adopted.
    pub adopts: Vec<&'static str>,
    /// What stands in the way; [`up`] refuses if this is not empty.
    pub obstacles: Vec<Finding>,
    /// How the tables would be made.
    pub layout: Layout,
}

/// What [`down`] may do to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Refuse to drop tables that have rows.
    Keep,
    /// Drop them. Adopted tables stay even then.
    Drop,
}

/// What [`down`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverted {
    /// The tables that the migration made are gone.
    Dropped(&'static str),
    /// The tables were there before the migration and stay; only its record is gone.
    Forgotten(&'static str),
}

/// Lists the migrations of this build, and those that only the database knows.
///
/// # Errors
///
/// [`MigrationError::Connect`], [`MigrationError::Tls`], [`MigrationError::Query`].
pub async fn status(url: &DatabaseUrl) -> Result<Vec<MigrationStatus>, MigrationError> {
    let link = Link::open(url).await?;
    let recorded = link.recorded().await?;
    let mut all: Vec<MigrationStatus> = embedded::ALL
        .iter()
        .map(|migration| {
            let record = recorded.iter().find(|record| record.name == migration.name);
            MigrationStatus {
                name: migration.name.to_owned(),
                applied_at: record.map(|record| record.applied_at.clone()),
                adopted: record.is_some_and(|record| record.adopted),
                known: true,
            }
        })
        .collect();
    for record in recorded {
        if !all.iter().any(|status| status.name == record.name) {
            let Record { name, adopted, applied_at, tables: _ } = record;
            all.push(MigrationStatus { name, applied_at: Some(applied_at), adopted, known: false });
        }
    }
    Ok(all)
}

/// Tells what [`up`] would do, and does nothing.
///
/// # Errors
///
/// [`MigrationError::Connect`], [`MigrationError::Tls`], [`MigrationError::Query`].
pub async fn plan(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Plan, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let recorded = link.recorded().await?;
    let pending: Vec<Migration> = embedded::ALL
        .iter()
        .filter(|migration| !recorded.iter().any(|record| record.name == migration.name))
        .copied()
        .collect();
    let live = live::read(&link.client, &layout.names).await.map_err(MigrationError::Query)?;
    let makes: Vec<&str> = pending.iter().flat_map(|migration| migration.makes).copied().collect();
    let adopts = live.tables_of(&makes);
    let mut obstacles = schema_check::adoption_obstacles(&live, &makes, &layout);
    obstacles.extend(schema_check::contradictions(&live, &made_by(&recorded), &layout));
    Ok(Plan { pending, adopts, obstacles, layout })
}

/// Runs what is missing, each migration in a transaction of its own; gives the names of those that
/// ran. Several callers at once wait for each other, and each migration runs once. New tables are of the given
/// layout; tables that are there must.
///
/// # Errors
///
/// [`MigrationError::NotAdoptable`] when foreign tables, or ids of another kind, are in the way,
/// [`MigrationError::NotAsRecorded`] when the tables of what ran before are not of the layout,
/// [`MigrationError::Failed`] when a statement failed, and as [`status`]. Nothing of a failed migration stays.
pub async fn up(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Vec<&'static str>, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let recorded = link.recorded().await?;
    let live = live::read(&link.client, &layout.names).await.map_err(MigrationError::Query)?;
    let findings = schema_check::contradictions(&live, &made_by(&recorded), &layout);
    if !findings.is_empty() {
        return Err(MigrationError::NotAsRecorded { findings });
    }
    let mut ran = Vec::new();
    for migration in embedded::ALL {
        if link.recorded().await?.iter().any(|record| record.name == migration.name) {
            continue;
        }
        link.begin().await?;
        match link.run_up(migration, &layout).await {
            Ok(true) => ran.push(migration.name),
            Ok(false) => {}
            Err(error) => {
                // A lost connection rolls back by itself.
                let _ = link.client.batch_execute("ROLLBACK").await;
                return Err(error);
            }
        }
        link.commit(migration).await?;
    }
    Ok(ran)
}

/// Takes the last migration back, if there is one.
///
/// # Errors
///
/// [`MigrationError::WouldLoseData`] when tables that would be dropped have rows and `data` is
/// [`Data::Keep`], [`MigrationError::OtherNames`] when it made tables of other names,
/// [`MigrationError::Unknown`] when a newer build made the last one,
/// [`MigrationError::Failed`] when a statement failed, and as [`status`].
pub async fn down(
    url: &DatabaseUrl,
    data: Data,
    names: &TableNames,
) -> Result<Option<Reverted>, MigrationError> {
    let link = Link::open(url).await?;
    link.begin().await?;
    match link.run_down(data, names).await {
        Ok(None) => {
            link.client.batch_execute("ROLLBACK").await.map_err(MigrationError::Query)?;
            Ok(None)
        }
        Ok(Some((migration, reverted))) => {
            link.commit(migration).await?;
            Ok(Some(reverted))
        }
        Err(error) => {
            let _ = link.client.batch_execute("ROLLBACK").await;
            Err(error)
        }
    }
}

/// Compares the live schema with what this server and Node's Better Auth need. An empty list means
/// that both can work; findings of [`Severity::Weakens`] leave both working.
///
/// # Errors
///
/// As [`status`].
pub async fn check(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Vec<Finding>, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let live = live::read(&link.client, &layout.names).await.map_err(MigrationError::Query)?;
    Ok(schema_check::findings(&live, &layout))
}

/// Counts the migrations that this build has and the database lacks, and the missing columns of fields.
pub(crate) async fn pending_on(
    connection: &mut NamedConnection,
    declared: &DeclaredFields,
) -> Result<usize, StoreError> {
    // Not at the top: it gives every type an `execute`, the driver's client too.
    use diesel_async::RunQueryDsl;

    #[derive(QueryableByName)]
    struct There {
        #[diesel(sql_type = Bool)]
        there: bool,
    }
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let there: There = sql_query("SELECT to_regclass('auth_schema_migrations') IS NOT NULL AS there")
        .get_result(connection.plain())
        .await?;
    let recorded: Vec<Name> = if there.there {
        sql_query("SELECT name FROM auth_schema_migrations").load(connection.plain()).await?
    } else {
        Vec::new()
    };
    let missing = |migration: &&Migration| !recorded.iter().any(|record| record.name == migration.name);
    let columns = fields::missing_on(connection, declared).await?;
    if !columns.is_empty() {
        tracing::warn!(columns = columns.join(", "), "columns of additional fields are missing");
    }
    Ok(embedded::ALL.iter().filter(missing).count() + columns.len())
}

/// A line of the bookkeeping table.
struct Record {
    name: String,
    adopted: bool,
    applied_at: String,
    /// What the tables were called that it made or adopted; none is noted where they had Better Auth's names.
    tables: Vec<String>,
}

impl Record {
    /// Gives what the tables of its migration were called.
    fn made(&self, migration: &Migration) -> Vec<String> {
        match self.tables.is_empty() {
            true => migration.makes.iter().map(|table| (*table).to_owned()).collect(),
            false => self.tables.clone(),
        }
    }
}

/// Lists the tables, by Better Auth's names, of what has run.
fn made_by(recorded: &[Record]) -> Vec<&'static str> {
    let has_run = |migration: &&Migration| recorded.iter().any(|record| record.name == migration.name);
    embedded::ALL.iter().filter(has_run).flat_map(|migration| migration.makes).copied().collect()
}

/// Gives what the database calls the tables of a migration.
fn called(migration: &Migration, names: &TableNames) -> Vec<String> {
    migration.makes.iter().map(|table| names.table(table).to_owned()).collect()
}

/// The connection that migrations run on.
struct Link {
    client: Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Link {
    async fn open(url: &DatabaseUrl) -> Result<Self, MigrationError> {
        let connector = Connector::new(url, CONNECT_TIMEOUT)?;
        let mut patience = Patience::new(PATIENCE);
        let (client, connection) = loop {
            // Through an unsafe pooler even the questions asked here could be answered wrongly.
            let opened = match pooler::probe(&connector).await {
                Ok(_) => connector.open().await,
                Err(error) => Err(error),
            };
            match opened {
                Ok(raw) => break raw,
                Err(error) if patience.again_after(&error).await => {}
                Err(error) => return Err(MigrationError::Connect(error)),
            }
        };
        let driver = tokio::spawn(async move {
            // Errors reach the client's futures as well.
            let _ = connection.await;
        });
        Ok(Self { client, driver })
    }

    /// Begins a transaction and waits for its turn.
    async fn begin(&self) -> Result<(), MigrationError> {
        self.client.batch_execute(BEGIN).await.map_err(MigrationError::Query)
    }

    async fn commit(&self, migration: &Migration) -> Result<(), MigrationError> {
        self.client
            .batch_execute("COMMIT")
            .await
            .map_err(|source| MigrationError::Failed { name: migration.name, source })
    }

    async fn recorded(&self) -> Result<Vec<Record>, MigrationError> {
        let there = self
            .client
            .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&BOOKKEEPING_TABLE])
            .await
            .and_then(|row| row.try_get::<_, bool>(0))
            .map_err(MigrationError::Query)?;
        if !there {
            return Ok(Vec::new());
        }
        let rows = self
            .client
            .query(
                // The last column came later than the table.
                "SELECT name, adopted, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
                 ARRAY(SELECT jsonb_array_elements_text(nullif(to_jsonb(record) -> 'tables', 'null'))) \
                 FROM auth_schema_migrations record ORDER BY name",
                &[],
            )
            .await
            .map_err(MigrationError::Query)?;
        rows.iter()
            .map(|row| {
                Ok(Record {
                    name: row.try_get(0)?,
                    adopted: row.try_get(1)?,
                    applied_at: row.try_get(2)?,
                    tables: row.try_get(3)?,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(MigrationError::Query)
    }

    /// Runs a migration inside the open transaction, unless somebody else was faster.
    async fn run_up(&self, migration: &'static Migration, layout: &Layout) -> Result<bool, MigrationError> {
        let failed = |source| MigrationError::Failed { name: migration.name, source };
        self.client
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS auth_schema_migrations (\
                 name text PRIMARY KEY, adopted boolean NOT NULL, \
                 applied_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP); \
                 ALTER TABLE auth_schema_migrations ADD COLUMN IF NOT EXISTS tables text[]",
            )
            .await
            .map_err(failed)?;
        if self.recorded().await?.iter().any(|record| record.name == migration.name) {
            return Ok(false);
        }
        let live = live::read(&self.client, &layout.names).await.map_err(MigrationError::Query)?;
        let findings = schema_check::adoption_obstacles(&live, migration.makes, layout);
        if !findings.is_empty() {
            return Err(MigrationError::NotAdoptable { findings });
        }
        let adopted = !live.tables_of(migration.makes).is_empty();
        self.client.batch_execute(&migration.up_for(layout)).await.map_err(failed)?;
        self.client
            .execute(
                "INSERT INTO auth_schema_migrations (name, adopted, tables) VALUES ($1, $2, $3)",
                &[&migration.name, &adopted, &called(migration, &layout.names)],
            )
            .await
            .map_err(failed)?;
        Ok(true)
    }

    /// Reverts the last migration inside the open transaction.
    async fn run_down(
        &self,
        data: Data,
        names: &TableNames,
    ) -> Result<Option<(&'static Migration, Reverted)>, MigrationError> {
        let Some(last) = self.recorded().await?.pop() else { return Ok(None) };
        let Some(migration) = embedded::ALL.iter().find(|migration| migration.name == last.name) else {
            return Err(MigrationError::Unknown { name: last.name });
        };
        let failed = |source| MigrationError::Failed { name: migration.name, source };
        let reverted = if last.adopted {
            Reverted::Forgotten(migration.name)
        } else {
            let (made, called) = (last.made(migration), called(migration, names));
            if made != called {
                return Err(MigrationError::OtherNames { name: migration.name, made, called });
            }
            if data == Data::Keep {
                let tables = live::tables_with_rows(&self.client, names, migration.makes)
                    .await
                    .map_err(MigrationError::Query)?;
                if !tables.is_empty() {
                    let tables = tables.into_iter().map(|table| names.table(table).to_owned()).collect();
                    return Err(MigrationError::WouldLoseData { name: migration.name, tables });
                }
            }
            self.client.batch_execute(&names.exchange(migration.down)).await.map_err(failed)?;
            Reverted::Dropped(migration.name)
        };
        self.client
            .execute("DELETE FROM auth_schema_migrations WHERE name = $1", &[&migration.name])
            .await
            .map_err(failed)?;
        Ok(Some((migration, reverted)))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
