//! What is known of a route besides what it does.

use std::borrow::Cow;

use actix_web::http::Method;

use super::access::Access;
use super::body::BodyRule;
use super::error_code::ErrorCode;
use super::rate_limit::window::RateRule;

/// What is known of a route besides what it does.
#[derive(Clone, Debug)]
pub struct RouteFacts {
    /// Method.
    pub method: Method,
    /// Path below the base path.
    pub path: Cow<'static, str>,
    /// The path by which the route is counted and turned off, where it is another spelling of a route.
    pub counts_as: Option<Cow<'static, str>>,
    /// What the router asks of callers.
    pub access: Access,
    /// How the body is read, and which checks against cross-site requests that brings.
    pub body: BodyRule,
    /// What caches may keep of its answers.
    pub cache: CachePolicy,
    /// How many requests the route allows unless the settings say otherwise; `None`: the settings' default.
    pub rate: Option<RateRule>,
    /// One sentence for people who call it.
    pub summary: &'static str,
    /// Statuses of its answers that are no error, each with what the body holds.
    pub answers: &'static [(u16, &'static str)],
    /// Codes of its own errors, besides those of its access, its body and the server.
    pub errors: &'static [ErrorCode],
}

impl RouteFacts {
    /// The path by which the route is counted and turned off.
    pub fn name(&self) -> &str {
        self.counts_as.as_deref().unwrap_or(&self.path)
    }
}

/// What caches may keep of a route's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Anything: they are the same for every caller.
    Storable,
    /// Nothing: they hold sessions and tokens, or set cookies. The reference says so of `/get-session` alone.
    NoStore,
    /// Nothing, and HTTP/1.0 caches are told as well, as the reference does for `/get-session`.
    NoStorePragma,
}
