//! The tables that the settings need. A feature that is off neither creates its tables nor requires them.

use auth_store::TableSet;
use auth_store::tables::{JWT, RATE_LIMIT};

use crate::web::rate_limit::settings::RateLimitStorage;

/// Returns the tables that every server has and those of the features that are on.
pub(crate) fn of(has_jwt: bool, counts: RateLimitStorage) -> TableSet {
    let tables = match counts {
        RateLimitStorage::Memory => TableSet::core(),
        RateLimitStorage::Database => TableSet::core().with(&RATE_LIMIT),
    };
    if has_jwt { tables.with(&JWT) } else { tables }
}
