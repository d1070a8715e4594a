//! The connection that migrations run on, and their lock.

use std::time::Duration;

use tokio_postgres::Client;

use super::error::MigrationError;
use crate::connection::{Connector, Patience};
use crate::database_url::DatabaseUrl;
use crate::pooler;

/// Begins a transaction and takes the advisory lock that serializes migrations (its number is the text
/// "authmigr"). The settings are local to the transaction, so they also work behind a pooler. The timeout is
/// longer for the advisory lock than for table locks.
const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL client_min_messages = warning; \
     SET LOCAL lock_timeout = '60s'; SELECT pg_advisory_xact_lock(7022647185815201650); \
     SET LOCAL lock_timeout = '10s'";

/// Timeout for opening the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long connecting is retried while the database is starting or waking up.
const PATIENCE: Duration = Duration::from_secs(15);

/// The connection that migrations run on.
pub(super) struct Link {
    pub(super) client: Client,
    driver: tokio::task::JoinHandle<()>,
}

impl Link {
    pub(super) async fn open(url: &DatabaseUrl) -> Result<Self, MigrationError> {
        let connector = Connector::new(url, CONNECT_TIMEOUT)?;
        let mut patience = Patience::new(PATIENCE);
        let (client, connection) = loop {
            // An unsafe pooler could mix up even the statements that run here.
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
            // The client's futures return the same error.
            let _ = connection.await;
        });
        Ok(Self { client, driver })
    }

    /// Runs `work` in one transaction, after other migrations have ended. Rolls back if it fails.
    pub(super) async fn transaction<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, MigrationError>>,
    ) -> Result<T, MigrationError> {
        self.client.batch_execute(BEGIN).await.map_err(MigrationError::Query)?;
        match work.await {
            Ok(done) => {
                let failed = |source| MigrationError::Failed { what: what.to_owned(), source };
                self.client.batch_execute("COMMIT").await.map_err(failed)?;
                Ok(done)
            }
            Err(error) => {
                // If the connection is lost, the server rolls back.
                let _ = self.client.batch_execute("ROLLBACK").await;
                Err(error)
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
