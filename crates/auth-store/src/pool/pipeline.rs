//! Reads that share a connection. They are pipelined: sent without waiting for each other, and answered in
//! order. The database process then wakes up once for several reads.
//!
//! A connection is shared as long as new reads arrive while others are running. It returns to the pool when
//! the last read ends. If a read does not finish (deadline passed, future dropped, connection lost), the
//! connection accepts no further reads; reads that are running continue.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Manager, Shared};
use crate::error::StoreError;
use crate::names::NamedConnection;

/// Maximum number of concurrent reads on one connection. With more reads, a second connection is faster.
const MOST_READS: usize = 32;

/// Time after which a connection accepts no further reads, so that the pool can replace it even under steady
/// load.
const LONGEST_SHARING: Duration = Duration::from_secs(1);

type PooledConnection = bb8::PooledConnection<'static, Manager>;

/// The connection that reads currently share.
#[derive(Default)]
pub(super) struct Pipelines {
    current: Mutex<Weak<Pipeline>>,
    /// Notified when there is a new connection to share.
    opened: Notify,
}

/// A connection that reads share.
struct Pipeline {
    link: PooledConnection,
    since: Instant,
    /// Set when a read did not finish.
    is_closed: AtomicBool,
}

/// A read on a shared connection.
pub(super) struct PipelinedRead {
    pub(super) connection: NamedConnection,
    /// Set while the read runs. Stays set if the read did not finish.
    pub(super) unfinished: bool,
    pipeline: Arc<Pipeline>,
}

impl Pipelines {
    /// Begins a read on the shared connection or on the connection from `acquire`, whichever is available
    /// first.
    pub(super) async fn join(
        &self,
        acquire: impl Future<Output = Result<PooledConnection, StoreError>>,
        shared: &Shared,
    ) -> Result<PipelinedRead, StoreError> {
        let mut acquire = std::pin::pin!(acquire);
        loop {
            // Registered before the check below, so that no notification is missed in between.
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
    /// Whether another read may join. The caller's own reference counts as one of the reads.
    fn takes_reads(self: &Arc<Self>, shared: &Shared) -> bool {
        Arc::strong_count(self) <= MOST_READS
            && !self.is_closed.load(Ordering::Relaxed)
            && self.since.elapsed() < LONGEST_SHARING
            && !shared.distrusts(self.link.generation)
            && self.link.connection.is_usable()
    }
}

/// Marks the connection as unfinished if a read on it did not finish. The pool then discards it.
impl Drop for Pipeline {
    fn drop(&mut self) {
        self.link.unfinished |= *self.is_closed.get_mut();
    }
}

impl PipelinedRead {
    fn new(pipeline: Arc<Pipeline>) -> Self {
        Self { connection: pipeline.link.connection.handle(), unfinished: true, pipeline }
    }

    /// The generation of the connection, which tells whether it was opened before an outage.
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
