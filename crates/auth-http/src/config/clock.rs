//! The current time, from the system or from a clock that tests control.
//!
//! This is the only place in the crate that reads the system clock. A request reads it once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use auth_core::wire::unix_milliseconds;
use time::{Duration, OffsetDateTime};

/// A source of the current time, in UTC and whole milliseconds, as the tables and the wire format store it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    moved: Arc<Moved>,
}

/// How a clock deviates from the system clock.
#[derive(Debug)]
struct Moved {
    /// Milliseconds by which the clock is ahead.
    ahead: AtomicI64,
    /// Milliseconds since 1970 at which the clock was stopped; [`RUNNING`] if it follows the system clock.
    stopped_at: AtomicI64,
}

/// The value of `stopped_at` for a clock that is not stopped.
const RUNNING: i64 = i64::MIN;

impl Default for Moved {
    fn default() -> Self {
        Self { ahead: AtomicI64::new(0), stopped_at: AtomicI64::new(RUNNING) }
    }
}

impl Clock {
    /// Creates a clock that follows the system clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Returns the current time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    pub fn now(&self) -> OffsetDateTime {
        #[cfg(test)]
        counted::count();
        let moment = match self.moved.stopped_at.load(Ordering::Relaxed) {
            RUNNING => milliseconds(SystemTime::now()),
            stopped_at => stopped_at,
        };
        let now = moment.saturating_add(self.moved.ahead.load(Ordering::Relaxed));
        OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::milliseconds(now))
    }

    /// Moves this clock and all its clones, forwards or backwards; for tests of expiry.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
        self.moved.ahead.fetch_add(by, Ordering::Relaxed);
    }

    /// Stops this clock and all its clones at a given time. After that, only [`advance`](Self::advance) moves
    /// them. For tests that must not depend on how long requests take.
    pub fn stop_at(&self, moment: OffsetDateTime) {
        self.moved.ahead.store(0, Ordering::Relaxed);
        self.moved.stopped_at.store(unix_milliseconds(moment), Ordering::Relaxed);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 fit 63 bits for 292 million years"
)]
fn milliseconds(at: SystemTime) -> i64 {
    match at.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_millis() as i64,
        Err(before) => -(before.duration().as_millis() as i64),
    }
}

/// Counts the clock readings of this thread.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        static READINGS: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        READINGS.set(READINGS.get() + 1);
    }

    /// Returns the number of readings since the last call.
    pub(crate) fn take() -> u32 {
        READINGS.take()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moved_clock_moves_its_clones_and_keeps_whole_milliseconds() {
        let clock = Clock::system();
        let clone = clock.clone();
        let before = clone.now();
        clock.advance(Duration::days(8));
        let after = clone.now();
        assert!(after - before >= Duration::days(8));
        assert!(after - before < Duration::days(8) + Duration::minutes(1));
        assert_eq!(after.nanosecond() % 1_000_000, 0);
    }

    #[test]
    fn a_stopped_clock_moves_only_where_it_is_moved() {
        let clock = Clock::system();
        clock.advance(Duration::days(8));
        let moment = datetime!(2030-01-15 12:00:00.123 UTC);
        clock.stop_at(moment);
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert_eq!(clock.clone().now(), moment);
        clock.advance(Duration::seconds(-3));
        assert_eq!(clock.now(), moment - Duration::seconds(3));
    }
}
