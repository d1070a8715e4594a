//! The facts about a route, without its handler.

use std::borrow::Cow;

use actix_web::http::Method;

use super::access::Access;
use super::body::BodyRule;
use super::error_code::ErrorCode;
use super::rate_limit::window::RateRule;

/// The facts about a route, without its handler.
#[derive(Clone, Debug)]
pub struct RouteFacts {
    /// Method.
    pub method: Method,
    /// Path below the base path.
    pub path: Cow<'static, str>,
    /// The path under which the route is counted and disabled, if it is an alias of another route.
    pub counts_as: Option<Cow<'static, str>>,
    /// What the route requires of callers.
    pub access: Access,
    /// How the body is read, and which checks against cross-site requests apply.
    pub body: BodyRule,
    /// What caches may store of its responses.
    pub cache: CachePolicy,
    /// The rate limit, unless the settings override it. `None` means the default of the settings.
    pub rate: Option<RateRule>,
    /// One sentence of documentation for API users.
    pub summary: &'static str,
    /// Statuses of its successful responses, each with what the body contains.
    pub answers: &'static [(u16, &'static str)],
    /// Codes of the route's own errors, besides those of its access, its body and the server.
    pub errors: &'static [ErrorCode],
}

impl RouteFacts {
    /// The path under which the route is counted and disabled.
    pub fn name(&self) -> &str {
        self.counts_as.as_deref().unwrap_or(&self.path)
    }
}

/// What caches may store of a route's responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Everything: the responses are the same for every caller.
    Storable,
    /// Nothing: the responses hold sessions or tokens, or set cookies. Better Auth forbids caching for
    /// `/get-session` only.
    NoStore,
    /// Nothing, and HTTP/1.0 caches are told too, as Better Auth does for `/get-session`.
    NoStorePragma,
}
