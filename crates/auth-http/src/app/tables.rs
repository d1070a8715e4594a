//! Which tables the settings ask for. A feature that is off neither makes its tables nor misses them.

use auth_store::TableSet;
use auth_store::tables::{JWT, RATE_LIMIT};

use crate::web::rate_limit::settings::RateLimitStorage;

/// Gives the tables of every server, with those of the features that are on.
pub(crate) fn of(has_jwt: bool, counts: RateLimitStorage) -> TableSet {
    let tables = match counts {
        RateLimitStorage::Memory => TableSet::core(),
        RateLimitStorage::Database => TableSet::core().with(&RATE_LIMIT),
    };
    if has_jwt { tables.with(&JWT) } else { tables }
}
