//! Permits for work that costs a core and megabytes, with a bounded queue in front.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::RngExt;
use tokio::sync::Semaphore;

use super::priority;

/// How much hashing runs and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingLimits {
    /// Hashes computed at once.
    pub permits: usize,
    /// Hashes that may wait.
    pub queue: usize,
    /// Longest wait.
    pub queue_timeout: Duration,
}

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// Too many hashes wait already.
    #[error("too many password hashes are waiting")]
    Overloaded {
        /// Time after which another try makes sense, at least one second.
        retry_after: Duration,
    },
    /// The hash itself failed; the cause never holds the password.
    #[error("password could not be hashed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Runs work on threads of its own while permits last, and lets a bounded number wait.
///
/// A caller that goes away while waiting leaves the queue at once: its work is never started.
#[derive(Clone, Debug)]
pub struct HashingQueue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    permits: Arc<Semaphore>,
    limits: HashingLimits,
    waiting: AtomicUsize,
    /// Moving mean of one piece of work, in microseconds.
    mean_micros: AtomicU64,
}

impl HashingQueue {
    /// Makes a queue; the server has one, shared by all its workers.
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
    /// [`HashingError::Overloaded`] where the queue is full, after half a second or so, or the wait grew too long;
    /// [`HashingError::Failed`] where `work` panicked.
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
        // The permit goes into the thread: work that has begun keeps it to its end, whether or not anybody
        // still waits for it.
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

    /// Refuses what [`HashingQueue::run`] would refuse now, so that a flood does not cost the database a lookup for
    /// each request that comes to nothing. It reserves nothing.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] where the queue is full, after half a second or so.
    pub async fn admit(&self) -> Result<(), HashingError> {
        if self.0.permits.available_permits() > 0 || self.waiting() < self.0.limits.queue {
            return Ok(());
        }
        Err(self.refuse().await)
    }

    /// Number of callers that wait for a permit.
    pub fn waiting(&self) -> usize {
        self.0.waiting.load(Ordering::Relaxed)
    }

    async fn refuse(&self) -> HashingError {
        let overloaded = self.overloaded();
        let pause = rand::rng().random_range(SHED_PAUSE_MS);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        overloaded
    }

    /// Estimates when the queue has room: the time its present content takes.
    fn overloaded(&self) -> HashingError {
        let queued = u64::try_from(self.waiting()).unwrap_or(u64::MAX).saturating_add(1);
        let permits = u64::try_from(self.0.limits.permits).unwrap_or(1).max(1);
        let micros = self.0.mean_micros.load(Ordering::Relaxed).saturating_mul(queued) / permits;
        HashingError::Overloaded {
            retry_after: Duration::from_micros(micros).clamp(SHORTEST_RETRY, LONGEST_RETRY),
        }
    }
}

/// How long a refusal is held back, in milliseconds. Clients that come back at once, whatever `Retry-After` says, would
/// otherwise keep the server busy with nothing but refusing them; one that waits costs a timer. Each waits for another time,
/// since those that are let go together come back together, and everybody else waits behind them.
const SHED_PAUSE_MS: std::ops::Range<u64> = 250..750;
/// `Retry-After` speaks in whole seconds.
const SHORTEST_RETRY: Duration = Duration::from_secs(1);
/// A queue of seconds is empty again long before this.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

impl Inner {
    fn learn(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mean = self.mean_micros.load(Ordering::Relaxed);
        // One part in eight, so that a single slow hash does not move the estimate much; races lose one
        // sample.
        let next = if mean == 0 { took } else { mean - mean / 8 + took / 8 };
        self.mean_micros.store(next, Ordering::Relaxed);
    }
}

/// A place in the queue, given back when dropped.
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
