//! Removes expired sessions, verifications and request counts, in the background of a server or once by
//! command.
//!
//! Correctness does not depend on it, because every read refuses expired rows. It keeps tables and indexes
//! small. Small batches with pauses between them keep the load low, and any number of servers may run it at
//! once.

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

/// How long rows are kept after they expired, because the clocks of servers that share a database differ.
const MARGIN: Duration = Duration::from_secs(60);

/// Pause between two batches.
const PAUSE: Duration = Duration::from_millis(20);

/// Minimum time for which a request count is kept. Other servers that count in the table may have longer
/// windows.
const COUNTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes expired rows.
#[derive(Clone, Debug)]
pub struct Cleanup {
    pool: PoolSettings,
    ids: IdKind,
    interval: Option<Duration>,
    /// Age from which a request count can be removed; `None` if this server does not count in the table.
    counts_kept: Option<Duration>,
    clock: Clock,
}

/// The number of rows removed from each table.
pub type Removed = [(Expiring, usize); 3];

impl Cleanup {
    /// Makes a cleanup for the database of the settings. Opens no connection yet.
    pub fn new(settings: &Settings, clock: Clock) -> Self {
        Self {
            pool: PoolSettings { max_connections: 1, ..settings.database.pool(1) },
            ids: settings.database.generate_id,
            interval: settings.cleanup.interval,
            counts_kept: counts_kept(settings),
            clock,
        }
    }

    /// Removes all rows that have expired by now, over a connection of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the batch that failed. Earlier batches stay removed.
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

    /// Repeats the removal for as long as the future is polled. The first run comes after a random part of
    /// the interval, so that servers do not run at the same time.
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

/// `None` if this server does not count in the table: the counts there then belong to other software.
fn counts_kept(settings: &Settings) -> Option<Duration> {
    let RateLimitSettings { enabled, storage, default, custom_rules } = &settings.rate_limit;
    let is_ours = *enabled && *storage == RateLimitStorage::Database;
    is_ours.then(|| {
        let rules = RateRules::new(*default, custom_rules.clone(), &routes(settings));
        rules.longest_window().max(COUNTS_KEPT)
    })
}
