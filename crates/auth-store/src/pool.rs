//! The connections of one worker: how many, how long one waits for them, and what a broken one costs.
//!
//! - Every operation has one deadline ([`PoolSettings::operation_timeout`]) for waiting, connecting,
//!   running and retrying together, so that a frozen server is answered in time.
//! - A connection whose operation did not finish (deadline, caller gone, connection lost) is never
//!   used again.
//! - Reads of sessions share a connection: they are sent without waiting for each other (`pool/pipeline.rs`).
//! - Checking a connection out costs no round trip. A server restart shows at the first use; reads are
//!   then repeated once on a fresh connection, transactions only if their BEGIN never got through.
//! - Limits on the server's side are set on each direct connection as it is opened. Behind a
//!   transaction pooler a session is not ours to set: transactions set them for themselves, single
//!   statements have the operation's deadline alone, unless the role has limits of its own
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
use crate::names::{Exchange, NamedConnection, TableNames};
use crate::pooler;
use crate::route::Route;
use pipeline::Pipelines;

/// Pause before a read is repeated; varied by half of itself.
const REPEAT_PAUSE: Duration = Duration::from_millis(20);

/// How many connections, and how long for what.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// The database's address.
    pub url: DatabaseUrl,
    /// Most connections that this pool opens. Each worker has a pool of its own.
    pub max_connections: u32,
    /// Longest wait for a connection (R-95: at most 3 s).
    pub acquire_timeout: Duration,
    /// Longest time for opening one connection, TLS and sign-in included (R-95: at most 5 s).
    pub connect_timeout: Duration,
    /// Longest time for one operation of the store in all, waiting and retrying included.
    pub operation_timeout: Duration,
    /// `statement_timeout` on the server's side.
    pub statement_timeout: Duration,
    /// `lock_timeout` on the server's side.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` on the server's side.
    pub idle_in_transaction_timeout: Duration,
    /// Time after which a connection without work is closed.
    pub idle_timeout: Duration,
    /// Time after which a connection is replaced, so that no backend grows old and a failover spreads.
    pub max_lifetime: Duration,
    /// What stands before the database; `None` finds out before the first connection.
    pub route: Option<Route>,
    /// How the database calls tables and columns.
    pub names: Arc<TableNames>,
}

impl PoolSettings {
    /// Gives the limits of the security rules for a database address.
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

    /// Gives the SQL that sets the server's limits, for the session or (`LOCAL`) the transaction.
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

/// How a pool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// Open connections.
    pub connections: u32,
    /// Open connections without work.
    pub idle: u32,
}

/// What is done with a connection; what it works on lives as long as `'a`. A boxed future, because the
/// compiler cannot yet see that an async closure's borrowing future may move between threads.
pub(crate) trait Operation<'a, T>:
    for<'c> Fn(&'c mut NamedConnection) -> ScopedBoxFuture<'a, 'c, Result<T, StoreError>> + Send + Sync
{
}

impl<'a, T, F> Operation<'a, T> for F where
    F: for<'c> Fn(&'c mut NamedConnection) -> ScopedBoxFuture<'a, 'c, Result<T, StoreError>> + Send + Sync
{
}

/// A pool that is made on first use, on the runtime that uses it.
pub(crate) struct Pool {
    settings: PoolSettings,
    connector: Connector,
    shared: Arc<Shared>,
    inner: OnceLock<bb8::Pool<Manager>>,
    pipelines: Pipelines,
}

/// What the pool and its manager both see.
struct Shared {
    /// Grows when a connection was lost: those opened before are not trusted any more.
    generation: AtomicU64,
    route: OnceCell<Route>,
    last_failure: std::sync::Mutex<Option<Arc<ConnectError>>>,
    /// Told when an attempt to connect was given up.
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

    /// Runs a statement that only reads; on a lost connection it runs once more on a fresh one.
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

    /// As [`read`](Self::read), for one short statement that never waits for a lock of a row: it shares a connection
    /// with others of its kind.
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

    /// Runs one statement that writes; it runs again only if the server refused to begin it.
    pub(crate) async fn write<'a, T>(&self, operation: impl Operation<'a, T>) -> Result<T, StoreError> {
        let deadline = self.deadline();
        match self.attempt(deadline, &operation).await {
            Err(StoreError::Unavailable(Outage::StalePlan(_))) => self.attempt(deadline, &operation).await,
            other => other,
        }
    }

    /// Runs a transaction. It is begun again on a fresh connection if its BEGIN never got through, or
    /// if it was rolled back because the tables had changed under its statements.
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

    /// Finds out, once, what stands before the database.
    pub(crate) async fn route(&self) -> Result<Route, StoreError> {
        // Opening a connection finds it out, with the pool's patience and error handling.
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

    /// Decides what an operation's end says about its connection.
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
                    // With connections open, one will come back; without, no other attempt is under way.
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
            // The manager repeats attempts itself, with jitter, and knows which are hopeless.
            .retry_connection(false)
            .queue_strategy(bb8::QueueStrategy::Lifo)
            .build_unchecked(Manager {
                connector: self.connector.clone(),
                limits: self.settings.limits(""),
                exchange: Arc::new(Exchange::new(Arc::clone(&self.settings.names))),
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

/// Whether a transaction's BEGIN got through.
enum Begun {
    No,
    Yes,
}

impl Shared {
    /// Tells whether a connection of this generation is from before an outage.
    fn distrusts(&self, generation: u64) -> bool {
        generation != self.generation.load(Ordering::Relaxed)
    }

    /// Stops the use of connections as old as a lost one. Several that break together count once.
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
    /// Set while an operation runs; stays set if it never came to its end.
    unfinished: bool,
}

/// Makes and judges connections for bb8.
struct Manager {
    connector: Connector,
    limits: String,
    exchange: Arc<Exchange>,
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
        let connection = NamedConnection::new(connection, Arc::clone(&self.exchange));
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
        // Told after bb8 has noted the failure, which it does when this returns.
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
