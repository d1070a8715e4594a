//! The `rateLimit` table: request counters, shared with Node's Better Auth (core §5, §12.1).
//!
//! Better Auth reads a row and then changes it by statements that apply only if no other server has changed
//! it in between. Here one statement does the same: it locks the row, decides from its values, and changes
//! it. Both servers can therefore count in the same rows, and of concurrent requests exactly the allowed
//! number passes. If ids are numbers, a first statement updates the existing row, so that only new rows use
//! up a number.
//!
//! Server clocks differ. Better Auth writes the time of the server that counted last. Here the time of a row
//! never goes back, so a slow clock does not shorten a window. A time that is more than a window in the
//! future is reset, so no client waits because of a fast clock.

use std::time::Duration;

use auth_core::RateLimitId;
use auth_core::wire::unix_milliseconds;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text};
use crate::fixed_update::FixedUpdate;
use crate::id::IdKind;
use crate::pool::Pool;
use crate::schema::rate_limit;

/// Counts requests per key.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitRepository<'store> {
    pool: &'store Pool,
    ids: IdKind,
}

/// A request to be counted.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitHit<'a> {
    /// The key of its counter, `<client address>|<path>`.
    pub key: &'a str,
    /// Time without a request after which the count starts over.
    pub window: Duration,
    /// Maximum number of requests until then.
    pub max: u32,
    /// The time of the request.
    pub now: OffsetDateTime,
    /// The id of the row, if the request creates one and ids are text.
    pub id: &'a RateLimitId,
}

/// The result of counting a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitVerdict {
    /// The request was counted and may pass.
    Passed,
    /// The request exceeds the limit and was not counted.
    Refused {
        /// Time until a request passes again; not zero, at most the window.
        wait: Duration,
    },
}

impl<'store> RateLimitRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, ids: IdKind) -> Self {
        Self { pool, ids }
    }

    /// Checks the limit and counts the request.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Rejected`] when the key
    /// cannot be stored, [`StoreError::Query`] otherwise.
    pub async fn count(self, hit: &RateLimitHit<'_>) -> Result<RateLimitVerdict, StoreError> {
        self.pool.write(|connection| count_on(connection, self.ids, hit).scope_boxed()).await
    }
}

/// Maximum number of attempts. A row may be deleted or its window may end after the request was refused and
/// before the row is read; then the request is tried again.
const TRIES: usize = 3;

pub(crate) async fn count_on<C>(
    connection: &mut C,
    ids: IdKind,
    hit: &RateLimitHit<'_>,
) -> Result<RateLimitVerdict, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([hit.key])?;
    let window = i64::try_from(hit.window.as_millis()).unwrap_or(i64::MAX);
    for _ in 0..TRIES {
        let first = if ids == IdKind::Serial { Pass::OfRow } else { Pass::OrNewRow };
        if pass_on(connection, ids, hit, window, first).await? {
            return Ok(RateLimitVerdict::Passed);
        }
        let last_request: Option<i64> = rate_limit::table
            .filter(rate_limit::key.eq(hit.key))
            .select(rate_limit::last_request)
            .get_result(connection)
            .await
            .optional()?;
        let Some(last_request) = last_request else {
            if first == Pass::OfRow && pass_on(connection, ids, hit, window, Pass::OrNewRow).await? {
                return Ok(RateLimitVerdict::Passed);
            }
            continue;
        };
        let now = unix_milliseconds(hit.now);
        if last_request > now.saturating_add(window) {
            set_right_on(connection, hit.key, last_request, now).await?;
            return Ok(RateLimitVerdict::Refused { wait: hit.window });
        }
        let left = last_request.saturating_add(window).saturating_sub(now);
        if let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) {
            return Ok(RateLimitVerdict::Refused { wait: Duration::from_millis(left).min(hit.window) });
        }
    }
    Ok(RateLimitVerdict::Refused { wait: hit.window })
}

/// The rows in which a request may be counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Only in an existing row. With [`IdKind::Serial`], an INSERT uses up a number of the column even if the
    /// row exists. The INSERT is therefore used only if there is no row.
    OfRow,
    /// In an existing row, or in a new one.
    OrNewRow,
}

/// Counts the request unless it exceeds the limit. Returns whether it was counted.
async fn pass_on<C>(
    connection: &mut C,
    ids: IdKind,
    hit: &RateLimitHit<'_>,
    window: i64,
    pass: Pass,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let now = unix_milliseconds(hit.now);
    // Better Auth compares `now - lastRequest >= window`.
    let is_over = rate_limit::last_request.le(now.saturating_sub(window));
    let is_near_ahead = rate_limit::last_request.between(now, now.saturating_add(window));
    let passes = is_over.or(rate_limit::count.lt(i32::try_from(hit.max).unwrap_or(i32::MAX)));
    let change = (
        rate_limit::count.eq(diesel::dsl::case_when(is_over, 1.into_sql::<diesel::sql_types::Integer>())
            .otherwise(rate_limit::count + 1)),
        rate_limit::last_request.eq(diesel::dsl::case_when(is_near_ahead, rate_limit::last_request)
            .otherwise(now.into_sql::<diesel::sql_types::BigInt>())),
    );
    if pass == Pass::OfRow {
        let row = rate_limit::table.filter(rate_limit::key.eq(hit.key)).filter(passes);
        return Ok(FixedUpdate(diesel::update(row).set(change)).execute(connection).await? > 0);
    }
    let upsert = diesel::insert_into(rate_limit::table)
        .values((
            rate_limit::id.eq(ids.new_id(hit.id.as_str())),
            rate_limit::key.eq(hit.key),
            rate_limit::count.eq(1),
            rate_limit::last_request.eq(now),
        ))
        .on_conflict(rate_limit::key)
        .do_update()
        .set(change);
    let upsert = diesel::query_dsl::methods::FilterDsl::filter(upsert, passes).returning(rate_limit::count);
    let counted: Option<i32> = FixedUpdate(upsert).get_result(connection).await.optional()?;
    Ok(counted.is_some())
}

/// Resets the time of a row that a wrong clock wrote to now, unless a request was counted in the meantime.
async fn set_right_on<C>(connection: &mut C, key: &str, wrong: i64, now: i64) -> Result<(), StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let row = rate_limit::table.filter(rate_limit::key.eq(key)).filter(rate_limit::last_request.eq(wrong));
    diesel::update(row).set(rate_limit::last_request.eq(now)).execute(connection).await?;
    Ok(())
}
