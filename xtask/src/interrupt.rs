//! Ctrl-C, SIGTERM and SIGHUP as a counter, so that a chore can stop in its own order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Counts the requests to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Arc<AtomicU32>);

impl Interrupt {
    /// From now on these signals are counted and no longer end the process.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let count = Arc::new(AtomicU32::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::because("cannot listen for Ctrl-C", error))?;
        let mut streams = {
            let _guard = runtime.enter();
            [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
                .map(signal)
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
                .map_err(|error| Failure::because("cannot listen for Ctrl-C", error))?
        };
        let counter = Arc::clone(&count);
        thread::spawn(move || {
            runtime.block_on(async move {
                loop {
                    let mut waiting: Vec<_> =
                        streams.iter_mut().map(|stream| Box::pin(stream.recv())).collect();
                    std::future::poll_fn(|context| {
                        if waiting.iter_mut().any(|one| one.as_mut().poll(context).is_ready()) {
                            std::task::Poll::Ready(())
                        } else {
                            std::task::Poll::Pending
                        }
                    })
                    .await;
                    drop(waiting);
                    counter.fetch_add(1, Ordering::SeqCst);
                }
            });
        });
        Ok(Self(count))
    }

    /// The number of signals received.
    pub(crate) fn count(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// Whether a signal was received.
    pub(crate) fn requested(&self) -> bool {
        self.count() > 0
    }
}
