//! Removes expired sessions, verifications and counts of requests, in the background of a server or once by command
//!
//!
//! Nothing depends on it: what has run out is refused wherever it is read. It keeps tables and indexes small. Batches
//! are small and have pauses between them, so that requests do not feel it; any number of servers may do it at once.

use std::convert::Infallible;
use std::time::Duration;

use auth_store::{CLEANUP_BATCH, Expiring, IdKind, PoolSettings, Store, StoreError};
use rand::RngExt;
use time::OffsetDateTime;

use crate::app::routes;
use crate::app::settings::Settings;
use crate::config::clock::Clock;
use crate::web::rate_limit::RateRules;
use crate::web::rate_limit::settings::{RateLimitSettings, RateLimitStorage};

/// How long rows are kept after they ran out, since the clocks of servers that share a database differ.
const MARGIN: Duration = Duration::from_secs(60);

/// Pause between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a count of requests is kept at least. Others who count in the table may have longer windows than we do.
const COUNTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes what has run out.
#[derive(Clone, Debug)]
pub struct Cleanup {
    pool: PoolSettings,
    ids: IdKind,
    interval: Option<Duration>,
    /// Age at which a count of requests says nothing any more; absent where the table is not ours to count in.
    counts_kept: Option<Duration>,
    clock: Clock,
}

/// How many rows of a table were removed.
pub type Removed = [(Expiring, usize); 3];

impl Cleanup {
    /// Makes one for the database of the settings; nothing is connected yet.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        Self {
            pool: PoolSettings { max_connections: 1, ..settings.database.pool(1) },
            ids: settings.database.generate_id,
            interval: settings.cleanup.interval,
            counts_kept: counts_kept(settings),
            clock,
        }
    }

    /// Removes everything that has run out by now, over a connection of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the batch that failed; what was removed before stays removed.
    pub async fn once(&self) -> Result<Removed, StoreError> {
        let store = Store::connect_lazily(self.pool.clone())?.with_ids(self.ids);
        let mut removed = Expiring::ALL.map(|table| (table, 0));
        for (table, count) in &mut removed {
            let Some(before) = self.before(*table) else { continue };
            loop {
                let batch = store.remove_expired(*table, before).await?;
                *count += batch;
                if batch < CLEANUP_BATCH {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(removed)
    }

    /// Removes again and again, for as long as the future is polled. The first round comes after a part of the
    /// interval that differs from server to server.
    pub(crate) async fn again_and_again(self) -> Infallible {
        let Some(interval) = self.interval else { return std::future::pending().await };
        tokio::time::sleep(interval.mul_f64(rand::rng().random_range(0.0..1.0))).await;
        loop {
            match self.once().await {
                Ok(removed) => {
                    let [(_, sessions), (_, verifications), (_, rate_limits)] = removed;
                    if sessions + verifications + rate_limits > 0 {
                        tracing::info!(sessions, verifications, rate_limits, "removed expired rows");
                    }
                }
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "expired rows could not be removed; trying again later");
                }
            }
            tokio::time::sleep(interval).await;
        }
    }

    fn before(&self, table: Expiring) -> Option<OffsetDateTime> {
        let kept = match table {
            Expiring::Sessions | Expiring::Verifications => MARGIN,
            Expiring::RateLimits => self.counts_kept?.saturating_add(MARGIN),
        };
        Some(self.clock.now() - kept)
    }
}

/// Counts that are kept in memory leave the table to whatever else counts there.
fn counts_kept(settings: &Settings) -> Option<Duration> {
    let RateLimitSettings { enabled, storage, default, custom_rules } = &settings.rate_limit;
    let is_ours = *enabled && *storage == RateLimitStorage::Database;
    is_ours.then(|| {
        let rules = RateRules::new(*default, custom_rules.clone(), &routes(settings));
        rules.longest_window().max(COUNTS_KEPT)
    })
}
