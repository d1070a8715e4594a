//! How often a client may ask (Better Auth core §5; ).
//!
//! [`rules`] decides how much a path allows, [`path`] under which name a request counts, [`window`] whether one more
//! fits: three pure parts. Where counts are kept is a setting: [`memory`] of this process, shared by its workers, or
//! the table that Node's Better Auth uses, so that both servers count together. Either way looking and counting are
//! one step: of requests that come at once exactly the allowed number passes. [`attempts`] counts something else: tries
//! at the password of one account, from wherever they come.
//!
//! The key of a count is the reference's, `<client address>|<path>`, with two differences. `/login`, `/register`,
//! `/logout` and the well-known path of the public keys count as the routes that they are another spelling of. And all paths that are no route count as one per client and
//! rule, since a client could name any number of them.

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

/// Requests to a route that tests a password or begins an account, as the reference allows them.
pub(crate) const PASSWORD_RATE: RateRule = RateRule { window: Duration::from_secs(10), max: 3 };

/// Stands for the address of clients whose address nobody can know: they share one count per path, as in the
/// reference.
const NO_ADDRESS: &str = "no-trusted-ip";

/// Counts requests and refuses those over the limit; cheap to clone, and one for all workers.
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

/// A request that is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub(crate) struct TooManyRequests {
    /// Time until the next one may pass; not zero.
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
    /// Makes a limiter for routes below `base_path`; one that counts nothing where the settings turn it off, or clients
    /// have no addresses to be told apart by, as in the reference.
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

    /// Counts a request for a path as it came, and tells whether it may go on.
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
            // Boxed, so that requests which are counted in memory have no room for it in their futures.
            Counts::Database(counts) => Box::pin(counts.count(store, &key, rule, now)).await,
        }
    }
}

impl Counting {
    /// Gives the key that a request counts under and what it allows; `None` where nothing limits the path.
    fn key_and_rule(&self, client: Option<&ClientAddress>, path: &str) -> Option<(String, RateRule)> {
        let path = CountedPath::of(path, &self.base_path, &self.names);
        let chosen = self.rules.choose(path.as_str())?;
        let client = client.map_or(&NO_ADDRESS as &dyn Display, |client| client);
        let key = match &path {
            CountedPath::Route(path) => format!("{client}|{path}"),
            // No path holds a question mark, so this is never a route's.
            CountedPath::Unknown(_) => format!("{client}|?{}", chosen.name),
        };
        Some((key, chosen.rule))
    }
}

#[cfg(test)]
mod tests;
