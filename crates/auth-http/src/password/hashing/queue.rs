//! Permits for work that needs a core and megabytes of memory, with a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::sync::Semaphore;

use super::priority;

/// Limits on running and waiting hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingLimits {
    /// Number of hashes computed at the same time.
    pub permits: usize,
    /// Maximum number of waiting hashes.
    pub queue: usize,
    /// Maximum wait.
    pub queue_timeout: Duration,
}

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many hashes are waiting already.
    #[error("too many password hashes are waiting")]
    Overloaded {
        /// Time after which the client should try again; at least one second.
        retry_after: Duration,
    },
    /// The hash function failed. The cause never contains the password.
    #[error("password could not be hashed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Runs work on blocking threads while permits are available, and lets a bounded number of callers wait.
///
/// A caller that is dropped while it waits leaves the queue at once, and its work is never started.
#[derive(Clone, Debug)]
pub struct HashingQueue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    permits: Arc<Semaphore>,
    limits: HashingLimits,
    waiting: AtomicUsize,
    /// Moving average of the duration of one piece of work, in microseconds.
    mean_micros: AtomicU64,
}

impl HashingQueue {
    /// Creates a queue. The server has one, shared by all its workers.
    pub fn new(limits: HashingLimits) -> Self {
        Self(Arc::new(Inner {
            permits: Arc::new(Semaphore::new(limits.permits.clamp(1, Semaphore::MAX_PERMITS))),
            limits,
            waiting: AtomicUsize::new(0),
            mean_micros: AtomicU64::new(0),
        }))
    }

    /// Runs `work` on a blocking thread once a permit is free.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if the queue is full (returned after about half a second) or if the wait
    /// was too long; [`HashingError::Failed`] if `work` panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let permit = match Arc::clone(&self.0.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                let Some(place) = Place::take(&self.0) else { return Err(self.refuse().await) };
                let permit = Arc::clone(&self.0.permits).acquire_owned();
                let permit = tokio::time::timeout(self.0.limits.queue_timeout, permit).await;
                drop(place);
                match permit {
                    Ok(Ok(permit)) => permit,
                    Ok(Err(closed)) => return Err(HashingError::Failed(Box::new(closed))),
                    Err(_elapsed) => return Err(self.overloaded()),
                }
            }
        };
        let inner = Arc::clone(&self.0);
        // The permit moves into the thread. Work that has started keeps it to the end, even if its caller was
        // dropped.
        let task = tokio::task::spawn_blocking(move || {
            priority::lower();
            let began = Instant::now();
            let outcome = work();
            inner.learn(began.elapsed());
            drop(permit);
            outcome
        });
        task.await.map_err(|panicked| HashingError::Failed(Box::new(panicked)))
    }

    /// Refuses a request that [`HashingQueue::run`] would refuse now, so that a flood of requests does not
    /// cause a database query for each refused one. It reserves nothing.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if the queue is full; returned after about half a second.
    pub async fn admit(&self) -> Result<(), HashingError> {
        if self.0.permits.available_permits() > 0 || self.waiting() < self.0.limits.queue {
            return Ok(());
        }
        Err(self.refuse().await)
    }

    /// Returns the number of callers that wait for a permit.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    async fn refuse(&self) -> HashingError {
        let overloaded = self.overloaded();
        let pause = rand::rng().random_range(SHED_PAUSE_MS);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        overloaded
    }

    /// Estimates when the queue has room: the time that its current content takes.
    fn overloaded(&self) -> HashingError {
        let queued = u64::try_from(self.waiting()).unwrap_or(u64::MAX).saturating_add(1);
        let permits = u64::try_from(self.0.limits.permits).unwrap_or(1).max(1);
        let micros = self.0.mean_micros.load(Ordering::Relaxed).saturating_mul(queued) / permits;
        HashingError::Overloaded {
            retry_after: Duration::from_micros(micros).clamp(SHORTEST_RETRY, LONGEST_RETRY),
        }
    }
}

/// How long a refusal is delayed, in milliseconds. Clients that retry at once, despite `Retry-After`, would
/// otherwise keep the server busy with refusals; a delayed client costs only a timer. The delay is random,
/// because clients that are released together also return together, and then all other requests wait behind
/// them.
const SHED_PAUSE_MS: std::ops::Range<u64> = 250..750;
/// `Retry-After` is in whole seconds.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
/// A queue that takes a few seconds is empty long before this.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

impl Inner {
    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mean = self.mean_micros.load(Ordering::Relaxed);
        // A weight of one eighth, so that one slow hash changes the estimate little. A race loses at most one
        // sample.
        let next = if mean == 0 { took } else { mean - mean / 8 + took / 8 };
        self.mean_micros.store(next, Ordering::Relaxed);
    }
}

/// A place in the queue, released when dropped.
struct Place(Arc<Inner>);

impl Place {
    fn take(inner: &Arc<Inner>) -> Option<Self> {
        inner
            .waiting
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
                (waiting < inner.limits.queue).then_some(waiting + 1)
            })
            .ok()?;
        Some(Self(Arc::clone(inner)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
