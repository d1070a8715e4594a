//! The time of day, from the system or from a clock that tests move.
//!
//! The only place of this crate that reads the system clock; a request reads it once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use time::{Duration, OffsetDateTime};

/// Tells the time, in UTC and whole milliseconds, as the tables and the wire hold it.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Milliseconds that this clock is ahead of the system's.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// Follows the system clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Reads the time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    pub fn now(&self) -> OffsetDateTime {
        #[cfg(test)]
        counted::count();
        let system = milliseconds(SystemTime::now());
        let now = system.saturating_add(self.ahead.load(Ordering::Relaxed));
        OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::milliseconds(now))
    }

    /// Moves this clock and all its clones, forwards or backwards; for tests of expiry.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.whole_milliseconds()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(by, Ordering::Relaxed);
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

/// Counts the readings of this thread.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local! {
        static READINGS: Cell<u32> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        READINGS.set(READINGS.get() + 1);
    }

    /// Gives the number of readings since it was last asked.
    pub(crate) fn take() -> u32 {
        READINGS.take()
    }
}

#[cfg(test)]
mod tests {
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
}
