//! Coordinates which caller reads the database's password schemes, and whether that is still needed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Mutex;

/// Allows one attempt at a time, and none after the first success. Callers that arrive during an attempt wait
/// for it and share its outcome. With one attempt per caller, the delay during an outage would grow with the
/// number of callers.
#[derive(Debug, Default)]
pub(super) struct Learning {
    done: AtomicBool,
    attempts: AtomicU64,
    turn: Mutex<()>,
}

impl Learning {
    /// Runs the attempt, unless there is nothing left to do when it is this caller's turn. The attempt
    /// returns whether it succeeded.
    pub(super) async fn attempt(&self, attempt: impl Future<Output = bool>) {
        let seen = self.attempts.load(Ordering::Acquire);
        if self.done.load(Ordering::Acquire) {
            return;
        }
        let _turn = self.turn.lock().await;
        if self.done.load(Ordering::Acquire) || self.attempts.load(Ordering::Acquire) != seen {
            return;
        }
        if attempt.await {
            self.end();
        }
        self.attempts.fetch_add(1, Ordering::AcqRel);
    }

    /// Ends learning permanently.
    pub(super) fn end(&self) {
        self.done.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_waited_for_an_attempt_makes_none() {
        let (learning, tried) = (Learning::default(), AtomicU64::new(0));
        let (answer, answered) = oneshot::channel();
        let attempt = async |outcome: bool| {
            tried.fetch_add(1, Ordering::Relaxed);
            outcome
        };
        let mut first = Box::pin(learning.attempt(async {
            tried.fetch_add(1, Ordering::Relaxed);
            answered.await.is_ok_and(|answer| answer)
        }));
        let mut second = Box::pin(learning.attempt(attempt(false)));
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        assert!(answer.send(false).is_ok());
        first.await;
        second.await;
        assert_eq!(tried.load(Ordering::Relaxed), 1, "the first attempt was the second's too");
        learning.attempt(attempt(true)).await;
        assert_eq!(tried.load(Ordering::Relaxed), 2, "it failed, so the next one tries again");
        learning.attempt(attempt(true)).await;
        assert_eq!(tried.load(Ordering::Relaxed), 2, "it succeeded");
    }
}
