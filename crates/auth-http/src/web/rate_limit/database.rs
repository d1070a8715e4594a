//! Request counts in the database, in the same rows as Better Auth on Node.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use auth_core::RateLimitId;
use auth_core::wire::unix_milliseconds;
use auth_store::{RateLimitHit, RateLimitVerdict, Store, StoreError};
use time::OffsetDateTime;

use super::TooManyRequests;
use super::table::{BoundedTable, Entry, Fingerprints};
use super::window::RateRule;

/// Maximum number of remembered refusals; about 6 MiB when full.
const CAPACITY: usize = 100_000;

/// Request counts by key, in a database table.
///
/// Refused requests do not change the count, so a refusal has a fixed end. It is remembered, and until that
/// time the client is refused without a query.
#[derive(Debug)]
pub(crate) struct DatabaseCounts {
    fingerprints: Fingerprints,
    refusals: Mutex<BoundedTable<Refusal>>,
}

#[derive(Clone, Copy, Debug)]
struct Refusal {
    until: i64,
}

impl Entry for Refusal {
    fn holds(&self, now: i64) -> bool {
        now < self.until
    }
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountError {
    /// It is over the limit.
    #[error(transparent)]
    TooMany(#[from] TooManyRequests),
    /// It could not be counted. A database outage must not lift the limits.
    #[error("requests cannot be counted")]
    Store(#[source] StoreError),
}

impl DatabaseCounts {
    pub(crate) fn new() -> Self {
        Self { fingerprints: Fingerprints::default(), refusals: Mutex::new(BoundedTable::new(CAPACITY)) }
    }

    /// Checks and counts in one statement.
    ///
    /// # Errors
    ///
    /// [`CountError`].
    pub(crate) async fn count(
        &self,
        store: &Store,
        key: &str,
        rule: RateRule,
        at: OffsetDateTime,
    ) -> Result<(), CountError> {
        let now = unix_milliseconds(at);
        let name = self.fingerprints.of(key);
        let known = {
            let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            refusals.get(&name).map(|refusal| refusal.until.saturating_sub(now))
        };
        // A refusal that ends later than one window from now dates from before the clock was set back.
        if let Some(left) = known.filter(|left| (1..=rule.window_ms()).contains(left)) {
            let wait = Duration::from_millis(u64::try_from(left).unwrap_or_default());
            return Err(TooManyRequests { wait }.into());
        }
        let id = RateLimitId::generate(&mut rand::rng());
        let hit = RateLimitHit { key, window: rule.window, max: rule.max, now: at, id: &id };
        match store.rate_limits().count(&hit).await.map_err(CountError::Store)? {
            RateLimitVerdict::Passed => Ok(()),
            RateLimitVerdict::Refused { wait } => {
                let left = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                let refusal = Refusal { until: now.saturating_add(left) };
                let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
                refusals.insert(name, refusal, now);
                Err(TooManyRequests { wait }.into())
            }
        }
    }
}
