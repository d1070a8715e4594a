//! Rate limiting per client (Better Auth core §5; ).
//!
//! [`rules`] decides the limit of a path, [`path`] the path under which a request is counted, and [`window`]
//! whether one more request fits. These three do no I/O. A setting decides where counts are kept: in the
//! [`memory`] of this process, shared by its workers, or in the table that Better Auth on Node uses, so that
//! both servers count together. In both cases, checking and counting are one atomic step: of concurrent
//! requests, exactly the allowed number passes. [`attempts`] counts something else: password attempts for one
//! account, from any client.
//!
//! The key of a count is Better Auth's, `<client address>|<path>`, with two differences. `/login`,
//! `/register`, `/logout` and the well-known path of the public keys are aliases and count as the routes that
//! they stand for. All paths that match no route share one count per client and rule, since a client could
//! invent any number of them.

mod database;
mod memory;
mod path;
mod rules;
pub(crate) mod settings;
pub(crate) mod table;
pub(crate) mod window;

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use auth_core::wire::unix_milliseconds;
use auth_store::Store;
use time::OffsetDateTime;

use super::client_address::ClientAddress;
use super::error::ApiError;
use super::route_facts::RouteFacts;
use super::route_names::RouteNames;
use crate::web::rate_limit::settings::{RateLimitSettings, RateLimitStorage};

pub(crate) use database::CountError;
use database::DatabaseCounts;
use memory::MemoryCounts;
use path::CountedPath;
pub(crate) use rules::RateRules;
pub use rules::{CustomRule, ParseRuleError};
pub use window::RateRule;

/// The limit of a route that checks a password or creates an account, as in Better Auth.
pub(crate) const PASSWORD_RATE: RateRule = RateRule { window: Duration::from_secs(10), max: 3 };

/// Stands for the address of clients whose address is unknown. They share one count per path, as in
/// Better Auth.
const NO_ADDRESS: &str = "no-trusted-ip";

/// Counts requests and refuses those over the limit. Cheap to clone; all workers share one.
#[derive(Clone, Debug)]
pub(crate) struct RateLimiter {
    counting: Option<Arc<Counting>>,
}

#[derive(Debug)]
struct Counting {
    base_path: String,
    names: RouteNames,
    rules: RateRules,
    counts: Counts,
}

#[derive(Debug)]
enum Counts {
    Memory(MemoryCounts),
    Database(DatabaseCounts),
}

/// A request over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub(crate) struct TooManyRequests {
    /// Time until the next request may pass; not zero.
    pub(crate) wait: Duration,
}

impl From<TooManyRequests> for ApiError {
    fn from(error: TooManyRequests) -> Self {
        Self::RateLimited { retry_after: error.wait }
    }
}

impl From<CountError> for ApiError {
    fn from(error: CountError) -> Self {
        match error {
            CountError::TooMany(error) => error.into(),
            CountError::Store(error) => error.into(),
        }
    }
}

impl RateLimiter {
    /// Creates a limiter for routes below `base_path`. It counts nothing if the settings turn it off or if
    /// client addresses are not tracked, as in Better Auth.
    pub(crate) fn new(
        settings: &RateLimitSettings,
        tracks_addresses: bool,
        base_path: &str,
        routes: &[RouteFacts],
    ) -> Self {
        let counting = (settings.enabled && tracks_addresses).then(|| {
            let counts = match settings.storage {
                RateLimitStorage::Memory => Counts::Memory(MemoryCounts::new()),
                RateLimitStorage::Database => Counts::Database(DatabaseCounts::new()),
            };
            let rules = RateRules::new(settings.default, settings.custom_rules.clone(), routes);
            let names = RouteNames::of(routes);
            Arc::new(Counting { base_path: base_path.to_owned(), names, rules, counts })
        });
        Self { counting }
    }

    /// Counts a request for a path as received, and refuses it if it is over the limit.
    ///
    /// # Errors
    ///
    /// [`CountError`].
    pub(crate) async fn count(
        &self,
        store: &Store,
        client: Option<&ClientAddress>,
        path: &str,
        now: OffsetDateTime,
    ) -> Result<(), CountError> {
        let Some(counting) = &self.counting else { return Ok(()) };
        let Some((key, rule)) = counting.key_and_rule(client, path) else { return Ok(()) };
        match &counting.counts {
            Counts::Memory(counts) => Ok(counts.count(&key, rule, unix_milliseconds(now))?),
            // Boxed, so that this future does not enlarge the futures of requests that are counted in memory.
            Counts::Database(counts) => Box::pin(counts.count(store, &key, rule, now)).await,
        }
    }
}

impl Counting {
    /// Returns the key of a request and its limit; `None` if no rule limits the path.
    fn key_and_rule(&self, client: Option<&ClientAddress>, path: &str) -> Option<(String, RateRule)> {
        let path = CountedPath::of(path, &self.base_path, &self.names);
        let chosen = self.rules.choose(path.as_str())?;
        let client = client.map_or(&NO_ADDRESS as &dyn Display, |client| client);
        let key = match &path {
            CountedPath::Route(path) => format!("{client}|{path}"),
            // No path contains a question mark, so this key is never that of a route.
            CountedPath::Unknown(_) => format!("{client}|?{}", chosen.name),
        };
        Some((key, chosen.rule))
    }
}

#[cfg(test)]
mod tests;
