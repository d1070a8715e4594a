//! Detects whether a connection pooler is between this process and Postgres.
//!
//! A pooler in transaction mode (PgBouncer, or a hosted pooler) hands a server connection to another
//! client after each transaction. Two things follow:
//!
//! - Prepared statements live on the server connection. PgBouncer from 1.21 renames and re-creates
//!   them per client if `max_prepared_statements` is above 0. Without that, clients see each other's
//!   statements: most queries fail, and some run **another client's statement with this client's
//!   values**. Such a pooler is refused.
//! - Session settings would leak to other clients, so limits are set per transaction instead
//!   ([`Route::TransactionPooler`]).
//!
//! The probe is exact and leaves nothing behind. Two connections take turns. Each turn is one short
//! transaction: it prepares a statement with a random marker, asks the server for the statement's name, reads
//! the server's process id, and closes the statement. If the name is not the driver's, there is a pooler that
//! renames statements. If two open clients have the same process id, or the process id of one client changes,
//! there is a pooler. If the name is still the driver's in that case, the pooler does not rename statements.

use std::time::Duration;

use rand::RngExt;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::connection::{ConnectError, Connector};
use crate::route::{Route, UnsafePooler};

/// Turns per connection. One turn is enough with an idle PgBouncer, which reuses the server connection that
/// was used last. More turns are needed for a busy one.
const TURNS: usize = 4;

/// Timeout for opening the second connection and for each of its turns. A pooler that accepts only one client
/// must not block the start.
const SECOND_CONNECTION: Duration = Duration::from_secs(1);

/// Detects the route. Fails if the pooler is unsafe.
pub(crate) async fn probe(connector: &Connector) -> Result<Route, ConnectError> {
    let (first, second) =
        tokio::join!(Probe::open(connector), timeout(SECOND_CONNECTION, Probe::open(connector)));
    let first = first?;
    let mut second = second.ok().and_then(Result::ok);
    let (mut first_pids, mut second_pids) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let seen = match first.look().await {
            Ok(seen) => seen,
            // The server may be restarting; the caller repeats the whole probe.
            Err(Look::Failed(error)) => return Err(ConnectError::Refused(error)),
            Err(Look::NameTaken) => return Err(ConnectError::UnsafePooler(UnsafePooler)),
        };
        if seen.renamed {
            return Ok(Route::TransactionPooler);
        }
        first_pids.push(seen.pid);
        if let Some(other) = &second {
            match timeout(SECOND_CONNECTION, other.look()).await {
                Ok(Ok(seen)) => second_pids.push(seen.pid),
                Ok(Err(Look::NameTaken)) => return Err(ConnectError::UnsafePooler(UnsafePooler)),
                // No room for a second client: a pooler in session mode, or a full server. This proves
                // nothing.
                Ok(Err(Look::Failed(_))) | Err(_) => second = None,
            }
        }
        let shared = first_pids.iter().any(|pid| second_pids.contains(pid));
        let moved =
            [&first_pids, &second_pids].iter().any(|pids| pids.iter().any(|pid| Some(pid) != pids.first()));
        if shared || moved {
            return Err(ConnectError::UnsafePooler(UnsafePooler));
        }
    }
    Ok(Route::Direct)
}

/// The result of one turn.
struct Seen {
    pid: String,
    renamed: bool,
}

/// Why a turn failed.
enum Look {
    /// The server already has a prepared statement of this name, or lacks the one that was prepared. Another
    /// client shares the server connection.
    NameTaken,
    Failed(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Look {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code().map(tokio_postgres::error::SqlState::code) {
            // duplicate_prepared_statement, invalid_sql_statement_name
            Some("42P05" | "26000") => Self::NameTaken,
            _ => Self::Failed(error),
        }
    }
}

struct Probe {
    client: Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Probe {
    async fn open(connector: &Connector) -> Result<Self, ConnectError> {
        let (client, connection) = connector.open().await?;
        let driver = tokio::spawn(async move {
            // The client's futures return the same error.
            let _ = connection.await;
        });
        Ok(Self { client, driver })
    }

    async fn look(&self) -> Result<Seen, Look> {
        self.client.batch_execute("BEGIN").await?;
        let seen = self.look_inside().await;
        // COMMIT rolls a failed transaction back. A lost connection needs no COMMIT.
        let end = self.client.batch_execute("COMMIT").await;
        let seen = seen?;
        end?;
        Ok(seen)
    }

    async fn look_inside(&self) -> Result<Seen, Look> {
        // Random, so that neither an earlier probe nor another process is mistaken for this one.
        let marker = format!("probe_{:032x}", rand::rng().random::<u128>());
        let statement = self.client.prepare(&format!("SELECT 1 AS {marker}")).await?;
        let answer = self
            .client
            .simple_query(&format!(
                "SELECT pg_backend_pid(), \
                 (SELECT name FROM pg_catalog.pg_prepared_statements WHERE statement = 'SELECT 1 AS {marker}')"
            ))
            .await?;
        // Closes the statement while the transaction still holds its server connection.
        drop(statement);
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let pid = row.and_then(|row| row.get(0)).unwrap_or_default().to_owned();
        // The driver names its statements s0, s1, …; PgBouncer PGBOUNCER_1, ….
        let name = row.and_then(|row| row.get(1)).unwrap_or_default();
        let own =
            name.strip_prefix('s').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        Ok(Seen { pid, renamed: !name.is_empty() && !own })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
