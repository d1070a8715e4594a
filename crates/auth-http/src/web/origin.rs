//! Which origins may act on a user's behalf, and where a request may be sent next (Better Auth core §4).
//!
//! The checks are pure: handlers reach them through the `Checked` extractor, which runs them
//! in the reference's order.

mod custom_scheme;
mod ipv4_range;
mod pattern;
pub(crate) mod pattern_problem;
mod redirect;

use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};

pub(crate) use ipv4_range::Authority;
use pattern::Target;
pub use pattern::{OriginPattern, ParsePatternError};

use super::body::Body;
use super::error::ApiError;
use super::error_code::ErrorCode;
use super::host::{HostPolicy, RequestedHost};
use crate::config::route_path::{RoutePath, below_base};

/// The `Origin` is not trusted.
pub(crate) const INVALID_ORIGIN: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "INVALID_ORIGIN", "Invalid origin");
/// Neither `Origin` nor `Referer` came where one is needed.
pub(crate) const MISSING_OR_NULL_ORIGIN: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "MISSING_OR_NULL_ORIGIN", "Missing or null Origin");
/// A cross-site navigation tried to sign in.
pub(crate) const CROSS_SITE_NAVIGATION_LOGIN_BLOCKED: ErrorCode = ErrorCode::new(
    StatusCode::FORBIDDEN,
    "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED",
    "Cross-site navigation login blocked. This request appears to be a CSRF attack.",
);

/// The codes of the checks against cross-site requests.
pub(crate) const CODES: &[ErrorCode] = &[
    INVALID_ORIGIN,
    MISSING_OR_NULL_ORIGIN,
    CROSS_SITE_NAVIGATION_LOGIN_BLOCKED,
    redirect::INVALID_CALLBACK_URL,
    redirect::INVALID_REDIRECT_URL,
    redirect::INVALID_ERROR_CALLBACK_URL,
    redirect::INVALID_NEW_USER_CALLBACK_URL,
];

/// What is trusted, and which checks are on.
#[derive(Clone, Debug)]
pub struct OriginPolicy {
    trusted: Vec<OriginPattern>,
    hosts: HostPolicy,
    base_path: String,
    checks: OriginChecks,
}

/// Which of the reference's two switches are thrown (`disableCSRFCheck`, `disableOriginCheck`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginChecks {
    /// Turns off the check of `Origin` and of cross-site navigation. Not set is not the same as `false`: then
    /// [`UncheckedOrigins::Everywhere`] turns off the check of cross-site navigation too.
    pub disable_csrf_check: Option<bool>,
    /// Where `Origin` and redirect fields are not checked.
    pub disable_origin_check: UncheckedOrigins,
}

/// Where `Origin` and redirect fields are not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UncheckedOrigins {
    /// They always are.
    #[default]
    Nowhere,
    /// They never are.
    Everywhere,
    /// On these paths, and on what lies below them.
    Below(Vec<RoutePath>),
}

impl OriginPolicy {
    /// Trusts the patterns, among which are those of this server's own addresses. Routes live below `base_path`.
    pub fn new(
        hosts: HostPolicy,
        base_path: String,
        trusted: Vec<OriginPattern>,
        checks: OriginChecks,
    ) -> Self {
        Self { trusted, hosts, base_path, checks }
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
    pub fn check_cookie_request(&self, request: &HttpRequest) -> Result<(), ApiError> {
        if request.headers().contains_key(header::COOKIE) {
            return self.check_origin(request);
        }
        Ok(())
    }

    /// Checks a sign-in or sign-up, which a foreign page must not do in a user's browser even without a
    /// cookie (§4.2).
    ///
    /// # Errors
    ///
    /// `CROSS_SITE_NAVIGATION_LOGIN_BLOCKED`, `MISSING_OR_NULL_ORIGIN`, `INVALID_ORIGIN`.
    pub fn check_login_request(&self, request: &HttpRequest) -> Result<(), ApiError> {
        let headers = request.headers();
        if self.is_csrf_unchecked() {
            return Ok(());
        }
        if headers.contains_key(header::COOKIE) {
            return self.check_origin(request);
        }
        let sent = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].map(|name| text(headers, name));
        let [site, mode, dest] = sent.each_ref().map(|value| trim(value));
        if site == "cross-site" && mode == "navigate" {
            return Err(ApiError::Coded(CROSS_SITE_NAVIGATION_LOGIN_BLOCKED));
        }
        let from_browser = [site, mode, dest].iter().any(|value| !value.is_empty());
        let names_origin = !text(headers, "origin").is_empty() || !text(headers, "referer").is_empty();
        if from_browser || names_origin { self.check_origin(request) } else { Ok(()) }
    }

    /// Checks every redirect field of a body and of the query (§4.3).
    ///
    /// # Errors
    ///
    /// The field's `INVALID_…_URL`, or a message without a code.
    pub(crate) fn check_redirects(&self, request: &HttpRequest, body: &Body) -> Result<(), ApiError> {
        if self.is_origin_unchecked(request) {
            Ok(())
        } else {
            redirect::check(self, body, request.query_string())
        }
    }

    /// Tells whether nothing is checked against cross-site requests (`shouldSkipCSRFForBackwardCompat` and
    /// `skipCSRFCheck` of the reference).
    fn is_csrf_unchecked(&self) -> bool {
        let follows = self.checks.disable_origin_check == UncheckedOrigins::Everywhere;
        self.checks.disable_csrf_check.unwrap_or(follows)
    }

    /// Tells whether `Origin` and redirect fields of a request are left alone (`shouldSkipOriginCheck`).
    fn is_origin_unchecked(&self, request: &HttpRequest) -> bool {
        match &self.checks.disable_origin_check {
            UncheckedOrigins::Nowhere => false,
            UncheckedOrigins::Everywhere => true,
            UncheckedOrigins::Below(paths) => {
                let asked = below_base(request.path(), &self.base_path);
                paths.iter().any(|path| path.holds(asked))
            }
        }
    }

    fn check_origin(&self, request: &HttpRequest) -> Result<(), ApiError> {
        if self.is_csrf_unchecked() || self.is_origin_unchecked(request) {
            return Ok(());
        }
        let headers = request.headers();
        let origin = match text(headers, "origin") {
            origin if origin.is_empty() => text(headers, "referer"),
            // A sandboxed page of the site that is asked, as the browser itself vouches.
            origin if origin == "null" && text(headers, "sec-fetch-site") == "same-origin" => {
                Cow::Owned(self.origin_asked_for(request))
            }
            origin => origin,
        };
        if origin.is_empty() || origin == "null" {
            return Err(ApiError::Coded(MISSING_OR_NULL_ORIGIN));
        }
        if self.trusts_origin(&origin) { Ok(()) } else { Err(ApiError::Coded(INVALID_ORIGIN)) }
    }

    /// The origin under which a request says it reached this server, which must be trusted like any other: the one that a
    /// believed proxy names, else the host that the request names. Empty where it names none.
    fn origin_asked_for(&self, request: &HttpRequest) -> String {
        let asked = RequestedHost::of(request);
        self.hosts.forwarded_origin(&asked).unwrap_or_else(|| match text(request.headers(), "host") {
            host if host.is_empty() => host.into_owned(),
            host => format!("{}://{host}", self.hosts.scheme(&asked, &host).as_str()),
        })
    }
}

/// Headers of which Node keeps the first line; it joins the lines of the others that are read here.
const FIRST_LINE_ONLY: [&str; 2] = ["host", "referer"];

/// Gives a header's text as Node does: lines joined, each byte one character. Only a header that is missing or
/// blank is empty, so that no request escapes a check by one that is hard to read.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Cow<'h, str> {
    let lines = if FIRST_LINE_ONLY.contains(&name) { 1 } else { usize::MAX };
    let mut lines = headers.get_all(name).take(lines).map(|line| latin1(line.as_bytes()));
    let first = lines.next().unwrap_or_default();
    lines.fold(first, |joined, line| Cow::Owned(format!("{joined}, {line}")))
}

fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Trims what JavaScript's `trim` does of Latin-1. U+0085 is white space to Rust only.
fn trim(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() && char != '\u{85}')
}
