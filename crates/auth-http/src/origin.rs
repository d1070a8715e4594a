//! Which origins may act on a user's behalf, and where a request may be sent next (Better Auth core §4).
//!
//! The checks are pure: handlers reach them through the `Checked` extractor, which runs them
//! in the reference's order.

mod custom_scheme;
mod ipv4_range;
mod pattern;
mod redirect;

use actix_web::http::header::{self, HeaderMap};
use auth_core::wire::ErrorCode;

use pattern::Target;
pub use pattern::{OriginPattern, ParsePatternError};

use crate::error::ApiError;
use crate::extract::Body;

/// What is trusted, and which checks are on.
#[derive(Clone, Debug)]
pub struct OriginPolicy {
    trusted: Vec<OriginPattern>,
    own_origin: String,
    checks: OriginChecks,
}

/// Which of the reference's two switches are thrown (`disableCSRFCheck`, `disableOriginCheck`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OriginChecks {
    /// Turns off the check of `Origin` and of cross-site navigation.
    pub disable_csrf_check: bool,
    /// Turns off the check of `Origin` and of redirect fields.
    pub disable_origin_check: bool,
}

impl OriginPolicy {
    /// Trusts this server's own origin and the patterns.
    pub fn new(own_origin: String, patterns: Vec<OriginPattern>, checks: OriginChecks) -> Self {
        let mut trusted = vec![OriginPattern::exact(&own_origin)];
        trusted.extend(patterns);
        Self { trusted, own_origin, checks }
    }

    /// Tells whether a browser page of `origin` may use this server with the user's cookies.
    pub fn trusts_origin(&self, origin: &str) -> bool {
        let target = Target::new(origin);
        self.trusted.iter().any(|pattern| pattern.matches_target(&target))
    }

    /// Checks a request that changes state and carries a cookie (§4.1).
    ///
    /// # Errors
    ///
    /// `MISSING_OR_NULL_ORIGIN`, `INVALID_ORIGIN`.
    pub fn check_cookie_request(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.checks_origins() && headers.contains_key(header::COOKIE) {
            return self.check_origin(headers);
        }
        Ok(())
    }

    /// Checks a sign-in or sign-up, which a foreign page must not do in a user's browser even without a
    /// cookie (§4.2).
    ///
    /// # Errors
    ///
    /// `CROSS_SITE_NAVIGATION_LOGIN_BLOCKED`, `MISSING_OR_NULL_ORIGIN`, `INVALID_ORIGIN`.
    pub fn check_login_request(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if !self.checks_origins() {
            return Ok(());
        }
        if headers.contains_key(header::COOKIE) {
            return self.check_origin(headers);
        }
        let fetch = |name: &str| text(headers, name).trim();
        let [site, mode, dest] = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].map(fetch);
        if site == "cross-site" && mode == "navigate" {
            return Err(ApiError::Coded(ErrorCode::CrossSiteNavigationLoginBlocked));
        }
        let from_browser = [site, mode, dest].iter().any(|value| !value.is_empty());
        let names_origin = !text(headers, "origin").is_empty() || !text(headers, "referer").is_empty();
        if from_browser || names_origin { self.check_origin(headers) } else { Ok(()) }
    }

    /// Checks every redirect field of a body and of the query (§4.3).
    ///
    /// # Errors
    ///
    /// The field's `INVALID_…_URL`, or [`ApiError::RedirectNotText`].
    pub(crate) fn check_redirects(&self, body: &Body, query: &str) -> Result<(), ApiError> {
        if self.checks.disable_origin_check { Ok(()) } else { redirect::check(self, body, query) }
    }

    fn checks_origins(&self) -> bool {
        !self.checks.disable_csrf_check && !self.checks.disable_origin_check
    }

    fn check_origin(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let origin = match text(headers, "origin") {
            "" => text(headers, "referer"),
            // A sandboxed page of ours, as the browser itself vouches.
            "null" if text(headers, "sec-fetch-site") == "same-origin" => &self.own_origin,
            origin => origin,
        };
        if origin.is_empty() || origin == "null" {
            return Err(ApiError::Coded(ErrorCode::MissingOrNullOrigin));
        }
        if self.trusts_origin(origin) { Ok(()) } else { Err(ApiError::Coded(ErrorCode::InvalidOrigin)) }
    }
}

/// Gives a header's text; one that is missing or no ASCII is empty.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
