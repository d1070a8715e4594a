//! Reads that share a connection. They are sent without waiting for each other and answered in order (pipelining), so
//! that the database wakes up once for several of them.
//!
//! A connection is shared as long as reads come that find others under way, and goes back to the pool with the last
//! of them. A read that did not finish (deadline, caller gone, connection lost) closes the connection to further
//! reads; those under way are not disturbed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Manager, Shared};
use crate::error::StoreError;
use crate::names::NamedConnection;

/// Most reads that are under way on one connection. Beyond that a second one serves faster.
const MOST_READS: usize = 32;

/// Time after which a connection takes no further reads, so that the pool can replace it even under steady load.
const LONGEST_SHARING: Duration = Duration::from_secs(1);

type PooledConnection = bb8::PooledConnection<'static, Manager>;

/// The connection that reads share at the moment.
#[derive(Default)]
pub(super) struct Pipelines {
    current: Mutex<Weak<Pipeline>>,
    /// Told when reads have a new connection to share.
    opened: Notify,
}

/// A connection that reads share.
struct Pipeline {
    link: PooledConnection,
    since: Instant,
    /// Set where a read did not finish.
    is_closed: AtomicBool,
}

/// A read on a shared connection.
pub(super) struct PipelinedRead {
    pub(super) connection: NamedConnection,
    /// Set while the read runs; stays set if it never came to its end.
    pub(super) unfinished: bool,
    pipeline: Arc<Pipeline>,
}

impl Pipelines {
    /// Begins a read on the connection that others read on, or on the one that `acquire` gives, whichever is there
    /// first.
    pub(super) async fn join(
        &self,
        acquire: impl Future<Output = Result<PooledConnection, StoreError>>,
        shared: &Shared,
    ) -> Result<PipelinedRead, StoreError> {
        let mut acquire = std::pin::pin!(acquire);
        loop {
            // Before the look, so that nothing is missed in between.
            let opened = self.opened.notified();
            let known = self.current().upgrade();
            if let Some(pipeline) = known.filter(|pipeline| pipeline.takes_reads(shared)) {
                return Ok(PipelinedRead::new(pipeline));
            }
            tokio::select! {
                biased;
                link = &mut acquire => return Ok(PipelinedRead::new(self.open(link?))),
                () = opened => {}
            }
        }
    }

    fn open(&self, link: PooledConnection) -> Arc<Pipeline> {
        let is_closed = AtomicBool::new(false);
        let pipeline = Arc::new(Pipeline { link, since: Instant::now(), is_closed });
        *self.current() = Arc::downgrade(&pipeline);
        self.opened.notify_waiters();
        pipeline
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Weak<Pipeline>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pipeline {
    /// Tells whether another read may join. The caller's own reference counts as one of those under way.
    fn takes_reads(self: &Arc<Self>, shared: &Shared) -> bool {
        Arc::strong_count(self) <= MOST_READS
            && !self.is_closed.load(Ordering::Relaxed)
            && self.since.elapsed() < LONGEST_SHARING
            && !shared.distrusts(self.link.generation)
            && self.link.connection.is_usable()
    }
}

/// The pool throws away what has an unfinished operation.
impl Drop for Pipeline {
    fn drop(&mut self) {
        self.link.unfinished |= *self.is_closed.get_mut();
    }
}

impl PipelinedRead {
    fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { connection: pipeline.link.connection.handle(), unfinished: true, pipeline }
    }

    /// How old the connection is, in outages.
    pub(super) fn generation(&self) -> u64 {
        self.pipeline.link.generation
    }
}

impl Drop for PipelinedRead {
    fn drop(&mut self) {
        if self.unfinished {
            self.pipeline.is_closed.store(true, Ordering::Relaxed);
        }
    }
}
