//! The connection pool of one worker: its size, its timeouts and its handling of broken connections.
//!
//! - Every operation has one deadline ([`PoolSettings::operation_timeout`]). It covers waiting for a
//!   connection, connecting, running and retrying, so a frozen database server cannot block a request for
//!   longer.
//! - A connection whose operation did not finish (deadline passed, future dropped, connection lost) is never
//!   used again.
//! - Session reads are pipelined on a shared connection (`pool/pipeline.rs`).
//! - Checking out a connection costs no round trip. A server restart is therefore noticed when an old
//!   connection is used. A read is then repeated once on a fresh connection; a transaction only if its BEGIN
//!   failed.
//! - Server-side timeouts are set when a direct connection is opened. Behind a transaction pooler, session
//!   settings would leak to other clients. There each transaction sets the timeouts with `SET LOCAL`. Single
//!   statements have only the operation's deadline, unless the role has its own limits
//!   (`ALTER ROLE … SET statement_timeout`).

mod pipeline;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use scoped_futures::ScopedBoxFuture;
use tokio::sync::{Notify, OnceCell};
use tokio::time::{Instant, sleep, timeout_at};

use crate::connection::{ConnectError, Connector, Patience, jitter};
use crate::database_url::DatabaseUrl;
use crate::error::{Outage, StoreError};
use crate::names::{NamedConnection, Rename, TableNames};
use crate::pooler;
use crate::route::Route;
use pipeline::Pipelines;

/// Pause before an operation is repeated, varied by ±50 %.
const REPEAT_PAUSE: Duration = Duration::from_millis(20);

/// Size and timeouts of a connection pool.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// The database's address.
    pub url: DatabaseUrl,
    /// Maximum number of connections of this pool. Each worker has its own pool.
    pub max_connections: u32,
    /// Longest wait for a connection (R-95: at most 3 s).
    pub acquire_timeout: Duration,
    /// Longest time for opening one connection, TLS and sign-in included (R-95: at most 5 s).
    pub connect_timeout: Duration,
    /// Longest total time for one operation of the store, including waiting and retrying.
    pub operation_timeout: Duration,
    /// `statement_timeout` on the server's side.
    pub statement_timeout: Duration,
    /// `lock_timeout` on the server's side.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` on the server's side.
    pub idle_in_transaction_timeout: Duration,
    /// Time after which an idle connection is closed.
    pub idle_timeout: Duration,
    /// Age after which a connection is replaced. This limits the age of server processes, and moves
    /// connections to the new server after a failover.
    pub max_lifetime: Duration,
    /// The route to the database; `None` detects it before the first connection.
    pub route: Option<Route>,
    /// The database's names for tables and columns.
    pub names: Arc<TableNames>,
}

impl PoolSettings {
    /// Returns settings with the limits of the security rules for a database address.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            max_connections: 4,
            acquire_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(3),
            operation_timeout: Duration::from_millis(4500),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(600),
            max_lifetime: Duration::from_secs(1800),
            route: None,
            names: Arc::default(),
        }
    }

    /// Returns the SQL that sets the server-side timeouts. `scope` is empty for the session, or `LOCAL ` for
    /// the transaction.
    fn limits(&self, scope: &str) -> String {
        format!(
            "SET {scope}statement_timeout = {}; SET {scope}lock_timeout = {}; \
             SET {scope}idle_in_transaction_session_timeout = {}",
            self.statement_timeout.as_millis(),
            self.lock_timeout.as_millis(),
            self.idle_in_transaction_timeout.as_millis(),
        )
    }
}

/// The state of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// Open connections.
    pub connections: u32,
    /// Open connections that are idle.
    pub idle: u32,
}

/// A closure that works with a connection and borrows data for `'a`. It returns a boxed future, because the
/// compiler cannot yet prove that the future of a borrowing async closure is `Send`.
pub(crate) trait Operation<'a, T>:
    for<'c> Fn(&'c mut NamedConnection) -> ScopedBoxFuture<'a, 'c, Result<T, StoreError>> + Send + Sync
{
}

impl<'a, T, F> Operation<'a, T> for F where
    F: for<'c> Fn(&'c mut NamedConnection) -> ScopedBoxFuture<'a, 'c, Result<T, StoreError>> + Send + Sync
{
}

/// A connection pool. It is created on first use, on the runtime that uses it.
pub(crate) struct Pool {
    settings: PoolSettings,
    connector: Connector,
    shared: Arc<Shared>,
    inner: OnceLock<bb8::Pool<Manager>>,
    pipelines: Pipelines,
}

/// State shared by the pool and its manager.
struct Shared {
    /// Incremented when a connection is lost. Connections of an earlier generation are discarded.
    generation: AtomicU64,
    route: OnceCell<Route>,
    last_failure: std::sync::Mutex<Option<Arc<ConnectError>>>,
    /// Notified when connecting has failed.
    failed: Notify,
}

impl Pool {
    pub(crate) fn new(settings: PoolSettings) -> Result<Self, StoreError> {
        let connector = Connector::new(&settings.url, settings.connect_timeout)?;
        let shared = Shared {
            generation: AtomicU64::new(0),
            route: OnceCell::new_with(settings.route),
            last_failure: std::sync::Mutex::new(None),
            failed: Notify::new(),
        };
        Ok(Self {
            settings,
            connector,
            shared: Arc::new(shared),
            inner: OnceLock::new(),
            pipelines: Pipelines::default(),
        })
    }

    /// Runs a read-only statement. If the connection is lost, it is repeated once on a fresh connection.
    pub(crate) async fn read<'a, T>(&self, operation: impl Operation<'a, T>) -> Result<T, StoreError> {
        let deadline = self.deadline();
        match self.attempt(deadline, &operation).await {
            Err(error) if error.wants_fresh_connection() => {
                before_repeating(&error).await;
                self.attempt(deadline, &operation).await
            }
            other => other,
        }
    }

    /// Like [`read`](Self::read), for one short statement that never waits for a row lock. It shares a
    /// connection with other such statements.
    pub(crate) async fn read_pipelined<'a, T>(
        &self,
        operation: impl Operation<'a, T>,
    ) -> Result<T, StoreError> {
        let deadline = self.deadline();
        match self.attempt_pipelined(deadline, &operation).await {
            Err(error) if error.wants_fresh_connection() => {
                before_repeating(&error).await;
                self.attempt_pipelined(deadline, &operation).await
            }
            other => other,
        }
    }

    /// Runs one statement that writes. It is repeated only if the server rejected its prepared statement as
    /// stale, because then it did not run.
    pub(crate) async fn write<'a, T>(&self, operation: impl Operation<'a, T>) -> Result<T, StoreError> {
        let deadline = self.deadline();
        match self.attempt(deadline, &operation).await {
            Err(StoreError::Unavailable(Outage::StalePlan(_))) => self.attempt(deadline, &operation).await,
            other => other,
        }
    }

    /// Runs a transaction. It is repeated once on a fresh connection if its BEGIN failed, or if it was rolled
    /// back because a table had changed after its statements were prepared.
    pub(crate) async fn transaction<'a, T>(&self, operation: impl Operation<'a, T>) -> Result<T, StoreError> {
        let deadline = self.deadline();
        match self.attempt_transaction(deadline, &operation).await {
            Err((Begun::No, error)) if error.wants_fresh_connection() => {}
            Err((Begun::Yes, StoreError::Unavailable(Outage::StalePlan(_)))) => {}
            other => return other.map_err(|(_, error)| error),
        }
        sleep(jitter(REPEAT_PAUSE)).await;
        self.attempt_transaction(deadline, &operation).await.map_err(|(_, error)| error)
    }

    /// Returns the route to the database, which is detected once.
    pub(crate) async fn route(&self) -> Result<Route, StoreError> {
        // Opening a connection detects the route, with the pool's retries and error handling.
        drop(self.acquire(self.deadline()).await?);
        self.shared.route.get().copied().ok_or(StoreError::Unavailable(Outage::NoConnection {
            after: self.settings.acquire_timeout,
            last_failure: self.shared.last_failure(),
        }))
    }

    pub(crate) fn settings(&self) -> &PoolSettings {
        &self.settings
    }

    pub(crate) fn status(&self) -> PoolStatus {
        match self.inner.get() {
            Some(pool) => {
                let state = pool.state();
                PoolStatus { connections: state.connections, idle: state.idle_connections }
            }
            None => PoolStatus { connections: 0, idle: 0 },
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.settings.operation_timeout
    }

    async fn attempt<'a, T>(
        &self,
        deadline: Instant,
        operation: &impl Operation<'a, T>,
    ) -> Result<T, StoreError> {
        let mut link = self.acquire(deadline).await?;
        link.unfinished = true;
        let answer = timeout_at(deadline, operation(&mut link.connection)).await;
        let Link { generation, unfinished, .. } = &mut *link;
        self.finish(*generation, unfinished, answer)
    }

    async fn attempt_pipelined<'a, T>(
        &self,
        deadline: Instant,
        operation: &impl Operation<'a, T>,
    ) -> Result<T, StoreError> {
        let mut read = self.pipelines.join(self.acquire(deadline), &self.shared).await?;
        let answer = timeout_at(deadline, operation(&mut read.connection)).await;
        self.finish(read.generation(), &mut read.unfinished, answer)
    }

    async fn attempt_transaction<'a, T>(
        &self,
        deadline: Instant,
        operation: &impl Operation<'a, T>,
    ) -> Result<T, (Begun, StoreError)> {
        let mut link = self.acquire(deadline).await.map_err(|error| (Begun::No, error))?;
        link.unfinished = true;
        let begin = match self.shared.route.get() {
            Some(Route::TransactionPooler) => format!("BEGIN; {}", self.settings.limits("LOCAL ")),
            Some(Route::Direct) | None => "BEGIN".to_owned(),
        };
        let begun = timeout_at(deadline, async { Ok(link.connection.plain().begin(&begin).await?) }).await;
        let Link { generation, unfinished, .. } = &mut *link;
        self.finish(*generation, unfinished, begun).map_err(|error| (Begun::No, error))?;

        link.unfinished = true;
        let answer = timeout_at(deadline, async {
            let connection = &mut link.connection;
            match operation(connection).await {
                Ok(done) => {
                    connection.plain().commit().await?;
                    Ok(done)
                }
                Err(error) => {
                    // If this fails too, the connection is dropped, and the server rolls back.
                    let _ = connection.plain().rollback().await;
                    Err(error)
                }
            }
        })
        .await;
        let Link { generation, unfinished, .. } = &mut *link;
        self.finish(*generation, unfinished, answer).map_err(|error| (Begun::Yes, error))
    }

    /// Decides from an operation's result whether its connection can be used again.
    fn finish<T>(
        &self,
        generation: u64,
        unfinished: &mut bool,
        answer: Result<Result<T, StoreError>, tokio::time::error::Elapsed>,
    ) -> Result<T, StoreError> {
        let Ok(answer) = answer else {
            return Err(StoreError::Unavailable(Outage::NoAnswer { after: self.settings.operation_timeout }));
        };
        let error = match answer {
            Ok(done) => {
                *unfinished = false;
                return Ok(done);
            }
            Err(error) => error,
        };
        match &error {
            StoreError::Unavailable(Outage::ConnectionLost(_)) => self.shared.distrust(generation),
            StoreError::Unavailable(Outage::StalePlan(_)) => {}
            _ => *unfinished = false,
        }
        Err(error)
    }

    async fn acquire(
        &self,
        deadline: Instant,
    ) -> Result<bb8::PooledConnection<'static, Manager>, StoreError> {
        let pool = self.inner.get_or_init(|| self.build());
        let deadline = deadline.min(Instant::now() + self.settings.acquire_timeout);
        let mut got = std::pin::pin!(pool.get_owned());
        loop {
            let failed = self.shared.failed.notified();
            tokio::select! {
                biased;
                got = timeout_at(deadline, &mut got) => match got {
                    Ok(Ok(link)) => return Ok(link),
                    Ok(Err(_)) | Err(_) => {
                        return Err(StoreError::Unavailable(Outage::NoConnection {
                            after: self.settings.acquire_timeout,
                            last_failure: self.shared.last_failure(),
                        }));
                    }
                },
                () = failed => {
                    // If connections are open, one of them will be returned. If none is open, no other
                    // attempt to connect is running.
                    if let (0, Some(failure)) = (pool.state().connections, self.shared.last_failure()) {
                        return Err(match *failure {
                            ConnectError::UnsafePooler(unsafe_pooler) => unsafe_pooler.into(),
                            _ => StoreError::Unavailable(Outage::Connect(failure)),
                        });
                    }
                }
            }
        }
    }

    fn build(&self) -> bb8::Pool<Manager> {
        bb8::Pool::builder()
            .max_size(self.settings.max_connections.max(1))
            .connection_timeout(self.settings.acquire_timeout)
            .idle_timeout(self.settings.idle_timeout)
            .max_lifetime(self.settings.max_lifetime)
            // The manager retries by itself, with jitter, and does not retry permanent failures.
            .retry_connection(false)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .build_unchecked(Manager {
                connector: self.connector.clone(),
                limits: self.settings.limits(""),
                rename: Arc::new(Rename::new(Arc::clone(&self.settings.names))),
                patience: self.settings.acquire_timeout,
                shared: Arc::clone(&self.shared),
            })
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("url", &self.settings.url).field("status", &self.status()).finish()
    }
}

async fn before_repeating(error: &StoreError) {
    tracing::debug!(error = error as &dyn std::error::Error, "repeating a read on a fresh connection");
    sleep(jitter(REPEAT_PAUSE)).await;
}

/// Whether a transaction's BEGIN succeeded.
enum Begun {
    No,
    Yes,
}

impl Shared {
    /// Whether a connection of this generation was opened before an outage.
    fn distrusts(&self, generation: u64) -> bool {
        generation != self.generation.load(Ordering::Relaxed)
    }

    /// Discards all connections of a lost connection's generation. If several of them break together, the
    /// generation is incremented only once.
    fn distrust(&self, generation: u64) {
        let _ = self.generation.compare_exchange(
            generation,
            generation + 1,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }

    fn last_failure(&self) -> Option<Arc<ConnectError>> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_last_failure(&self, failure: Option<Arc<ConnectError>>) {
        *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }
}

/// A pooled connection.
struct Link {
    connection: NamedConnection,
    generation: u64,
    /// Set while an operation runs. Stays set if the operation did not finish.
    unfinished: bool,
}

/// Opens and checks connections for bb8.
struct Manager {
    connector: Connector,
    limits: String,
    rename: Arc<Rename>,
    patience: Duration,
    shared: Arc<Shared>,
}

impl Manager {
    async fn open(&self) -> Result<Link, ConnectError> {
        let generation = self.shared.generation.load(Ordering::Relaxed);
        let route = self.shared.route.get_or_try_init(|| pooler::probe(&self.connector)).await?;
        let limits = match route {
            Route::Direct => Some(self.limits.as_str()),
            Route::TransactionPooler => None,
        };
        let connection = self.connector.establish(limits).await?;
        let connection = NamedConnection::new(connection, Arc::clone(&self.rename));
        Ok(Link { connection, generation, unfinished: false })
    }
}

impl bb8::ManageConnection for Manager {
    type Connection = Link;
    type Error = Arc<ConnectError>;

    async fn connect(&self) -> Result<Link, Arc<ConnectError>> {
        let mut patience = Patience::new(self.patience);
        let error = loop {
            match self.open().await {
                Ok(link) => {
                    self.shared.set_last_failure(None);
                    return Ok(link);
                }
                Err(error) if patience.again_after(&error).await => {}
                Err(error) => break Arc::new(error),
            }
        };
        tracing::warn!(error = &*error as &dyn std::error::Error, "could not connect to the database");
        self.shared.set_last_failure(Some(Arc::clone(&error)));
        // bb8 records the failure when this function returns. The spawned task notifies the waiters after
        // that.
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { shared.failed.notify_waiters() });
        Err(error)
    }

    async fn is_valid(&self, link: &mut Link) -> Result<(), Arc<ConnectError>> {
        if !self.shared.distrusts(link.generation) && link.connection.is_usable() {
            Ok(())
        } else {
            Err(Arc::new(ConnectError::Stale))
        }
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.unfinished || !link.connection.is_usable()
    }
}
