//! The origins that may act on a user's behalf, and the URLs to which a request may redirect (Better Auth
//! core §4).
//!
//! The checks do no I/O. `web::input` runs them in Better Auth's order.

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
/// An origin is needed, but `Origin` and `Referer` are missing or the origin is `null`.
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

/// The trusted origins, and the checks that are on.
#[derive(Clone, Debug)]
pub struct OriginPolicy {
    trusted: Vec<OriginPattern>,
    hosts: HostPolicy,
    base_path: String,
    checks: OriginChecks,
}

/// Better Auth's two switches that turn checks off (`disableCSRFCheck`, `disableOriginCheck`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginChecks {
    /// Turns off the check of `Origin` and of cross-site navigation. `None` is not the same as `Some(false)`:
    /// with `None`, [`UncheckedOrigins::Everywhere`] also turns off the check of cross-site navigation.
    pub disable_csrf_check: Option<bool>,
    /// Where `Origin` and redirect fields are not checked.
    pub disable_origin_check: UncheckedOrigins,
}

/// Where `Origin` and redirect fields are not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum UncheckedOrigins {
    /// They are always checked.
    #[default]
    Nowhere,
    /// They are never checked.
    Everywhere,
    /// They are not checked on these paths and the paths below them.
    Below(Vec<RoutePath>),
}

impl OriginPolicy {
    /// Trusts the given patterns, which include this server's own base URLs. Routes are below `base_path`.
    pub fn new(
        hosts: HostPolicy,
        base_path: String,
        trusted: Vec<OriginPattern>,
        checks: OriginChecks,
    ) -> Self {
        Self { trusted, hosts, base_path, checks }
    }

    /// Whether a browser page of `origin` may use this server with the user's cookies.
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

    /// Checks a sign-in or sign-up request. A page of another site must not send one from a user's browser,
    /// even without a cookie (§4.2).
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

    /// Whether all checks against cross-site requests are off (`shouldSkipCSRFForBackwardCompat` and
    /// `skipCSRFCheck` of Better Auth).
    fn is_csrf_unchecked(&self) -> bool {
        let follows = self.checks.disable_origin_check == UncheckedOrigins::Everywhere;
        self.checks.disable_csrf_check.unwrap_or(follows)
    }

    /// Whether the checks of `Origin` and of redirect fields are off for a request (`shouldSkipOriginCheck`).
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
            // A sandboxed page of the requested origin. The browser confirms this in `Sec-Fetch-Site`.
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

    /// The origin under which a request claims to have reached this server: the one that a trusted proxy
    /// names, else the requested host. Empty if there is none. The caller checks it like any other origin.
    fn origin_asked_for(&self, request: &HttpRequest) -> String {
        let asked = RequestedHost::of(request);
        self.hosts.forwarded_origin(&asked).unwrap_or_else(|| match text(request.headers(), "host") {
            host if host.is_empty() => host.into_owned(),
            host => format!("{}://{host}", self.hosts.scheme(&asked, &host).as_str()),
        })
    }
}

/// Headers of which Node keeps only the first line. It joins the lines of the other headers that are read
/// here.
const FIRST_LINE_ONLY: [&str; 2] = ["host", "referer"];

/// Returns a header's text as Node does: lines joined, one character per byte. The text is empty only if the
/// header is missing or blank, so a request cannot avoid a check with a header that is hard to decode.
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

/// Trims Latin-1 text as JavaScript's `trim` does. Rust counts U+0085 as white space and JavaScript does not.
fn trim(text: &str) -> &str {
    text.trim_matches(|char: char| char.is_whitespace() && char != '\u{85}')
}
