//! Deletes expired rows in batches of a thousand.
//!
//! Rows that another transaction has locked are skipped. Any number of servers can therefore delete at the
//! same time, and no request waits for more than one batch. An index finds the rows.

use auth_core::wire::unix_milliseconds;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::id::{IdKind, IsAnyOf};
use crate::names::NamedConnection;
use crate::pool::Pool;
use crate::schema::{rate_limit, session, verification};
use crate::timestamp::to_milliseconds;

/// Maximum number of rows that one transaction deletes.
pub const CLEANUP_BATCH: usize = 1_000;

/// A table whose rows expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiring {
    /// Sessions, by their expiry.
    Sessions,
    /// Verifications, by their expiry.
    Verifications,
    /// Request counters, by the last request.
    RateLimits,
}

impl Expiring {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Sessions, Self::Verifications, Self::RateLimits];

    /// Returns the table's name.
    pub fn table(self) -> &'static str {
        match self {
            Self::Sessions => "session",
            Self::Verifications => "verification",
            Self::RateLimits => "rateLimit",
        }
    }
}

/// Deletes at most [`CLEANUP_BATCH`] rows that expired before `before`. Returns how many.
pub(crate) async fn remove_batch(
    pool: &Pool,
    ids: IdKind,
    table: Expiring,
    before: OffsetDateTime,
) -> Result<usize, StoreError> {
    pool.transaction(|connection| remove_on(connection, ids, table, before).scope_boxed()).await
}

/// Runs inside the caller's transaction, so the rows stay locked between SELECT and DELETE.
async fn remove_on(
    connection: &mut NamedConnection,
    ids: IdKind,
    table: Expiring,
    before: OffsetDateTime,
) -> Result<usize, StoreError> {
    let limit = i64::try_from(CLEANUP_BATCH).unwrap_or(i64::MAX);
    let found: Vec<String>;
    let removed = match table {
        Expiring::Sessions => {
            found = session::table
                .filter(session::expires_at.lt(to_milliseconds(before)))
                .order(session::expires_at)
                .limit(limit)
                .select(session::id)
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            let over = IsAnyOf { column: session::id, ids: ids.all(found) };
            diesel::delete(session::table.filter(over)).execute(connection).await?
        }
        Expiring::Verifications => {
            found = verification::table
                .filter(verification::expires_at.lt(to_milliseconds(before)))
                .order(verification::expires_at)
                .limit(limit)
                .select(verification::id)
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            let over = IsAnyOf { column: verification::id, ids: ids.all(found) };
            diesel::delete(verification::table.filter(over)).execute(connection).await?
        }
        Expiring::RateLimits => {
            found = rate_limit::table
                .filter(rate_limit::last_request.lt(unix_milliseconds(before)))
                .order(rate_limit::last_request)
                .limit(limit)
                .select(rate_limit::id)
                .for_update()
                .skip_locked()
                .load(connection)
                .await?;
            let over = IsAnyOf { column: rate_limit::id, ids: ids.all(found) };
            diesel::delete(rate_limit::table.filter(over)).execute(connection).await?
        }
    };
    Ok(removed)
}
