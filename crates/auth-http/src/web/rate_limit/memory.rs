//! Request counts in the memory of this process.

use std::sync::{Mutex, PoisonError};

use super::TooManyRequests;
use super::table::{BoundedTable, Entry, Fingerprints};
use super::window::{Hits, RateRule};

/// Maximum number of keys, as in Better Auth; about 8 MiB when full.
const CAPACITY: usize = 100_000;

/// Request counts by key, shared by all workers.
#[derive(Debug)]
pub(crate) struct MemoryCounts {
    fingerprints: Fingerprints,
    // Held for one look-up and one insertion, never across an await.
    counts: Mutex<BoundedTable<Count>>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    hits: Hits,
    /// Time until which the key's next request is refused, in milliseconds since 1970.
    held_until: i64,
}

impl Entry for Count {
    fn holds(&self, now: i64) -> bool {
        now < self.held_until
    }
}

impl MemoryCounts {
    pub(crate) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { fingerprints: Fingerprints::default(), counts: Mutex::new(BoundedTable::new(capacity)) }
    }

    /// Checks and counts in one step.
    ///
    /// # Errors
    ///
    /// [`TooManyRequests`].
    pub(crate) fn count(&self, key: &str, rule: RateRule, now: i64) -> Result<(), TooManyRequests> {
        let key = self.fingerprints.of(key);
        // No statement below leaves an entry half-written, so the counts are valid after a panic.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let step = Hits::step(counts.get(&key).map(|count| count.hits), rule, now);
        let is_full = step.hits.count >= rule.max;
        let held_until =
            if is_full { step.hits.last_request.saturating_add(rule.window_ms()) } else { i64::MIN };
        counts.insert(key, Count { hits: step.hits, held_until }, now);
        step.refused_for.map_or(Ok(()), |wait| Err(TooManyRequests { wait }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    const RULE: RateRule = RateRule { window: Duration::from_secs(10), max: 3 };

    #[test]
    fn r_082_of_parallel_requests_exactly_the_allowed_number_passes() {
        for _ in 0..100 {
            let counts = MemoryCounts::with_capacity(1_000);
            let (barrier, passed) = (Barrier::new(8), AtomicU32::new(0));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        barrier.wait();
                        for _ in 0..25 {
                            if counts.count("1.2.3.4|/sign-in/email", RULE, 5_000).is_ok() {
                                passed.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    });
                }
            });
            assert_eq!(passed.into_inner(), RULE.max);
        }
    }

    #[test]
    fn r_087_a_block_survives_a_flood_of_keys() {
        let counts = MemoryCounts::with_capacity(1_000);
        for _ in 0..3 {
            assert_eq!(counts.count("blocked", RULE, 0), Ok(()));
        }
        for number in 0..3_000_i64 {
            let key = format!("flood {number}");
            assert_eq!(counts.count(&key, RULE, 1 + number), Ok(()));
        }
        let wait = Duration::from_millis(7_000);
        assert_eq!(counts.count("blocked", RULE, 3_000), Err(TooManyRequests { wait }));
        assert_eq!(counts.count("blocked", RULE, 10_000), Ok(()));
    }
}
