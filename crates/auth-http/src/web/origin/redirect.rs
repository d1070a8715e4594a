//! Redirect fields: `callbackURL`, `redirectTo` and similar fields may only contain trusted URLs.

use actix_web::http::StatusCode;
use auth_core::wire::is_truthy;
use serde_json::Value;
use url::Url;

use super::OriginPolicy;
use crate::web::body::Body;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;

/// `callbackURL` is not a trusted URL.
pub(super) const INVALID_CALLBACK_URL: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "INVALID_CALLBACK_URL", "Invalid callbackURL");
/// `redirectTo` is not a trusted URL.
pub(super) const INVALID_REDIRECT_URL: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "INVALID_REDIRECT_URL", "Invalid redirectURL");
/// `errorCallbackURL` is not a trusted URL.
pub(super) const INVALID_ERROR_CALLBACK_URL: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "INVALID_ERROR_CALLBACK_URL", "Invalid errorCallbackURL");
/// `newUserCallbackURL` is not a trusted URL.
pub(super) const INVALID_NEW_USER_CALLBACK_URL: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "INVALID_NEW_USER_CALLBACK_URL", "Invalid newUserCallbackURL");

/// A field, its name in messages, and its error code.
const FIELDS: [(&str, &str, ErrorCode); 4] = [
    ("callbackURL", "callbackURL", INVALID_CALLBACK_URL),
    ("redirectTo", "redirectURL", INVALID_REDIRECT_URL),
    ("errorCallbackURL", "errorCallbackURL", INVALID_ERROR_CALLBACK_URL),
    ("newUserCallbackURL", "newUserCallbackURL", INVALID_NEW_USER_CALLBACK_URL),
];

/// The base for resolving a relative path. `.invalid` is never a real host (RFC 2606 §2).
const DUMMY_ORIGIN: &str = "https://origin.invalid";

/// Checks each redirect field of the body that is truthy in JavaScript. If the body has no `callbackURL`,
/// checks that of the query.
pub(super) fn check(policy: &OriginPolicy, body: &Body, query: &str) -> Result<(), ApiError> {
    for (name, label, code) in FIELDS {
        match body.member(name).filter(|value| is_truthy(value)) {
            Some(Value::String(url)) => check_url(policy, url, code)?,
            Some(_) => return Err(not_text(label)),
            None if name == "callbackURL" => check_query(policy, query, label, code)?,
            None => {}
        }
    }
    Ok(())
}

fn check_query(
    policy: &OriginPolicy,
    query: &str,
    label: &'static str,
    code: ErrorCode,
) -> Result<(), ApiError> {
    let mut urls = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "callbackURL");
    match (urls.next(), urls.next()) {
        (Some(_), Some(_)) => Err(not_text(label)),
        (Some((_, url)), None) if !url.is_empty() => check_url(policy, &url, code),
        _ => Ok(()),
    }
}

/// The error for a redirect field that is not a text. Better Auth sends it without a code.
fn not_text(label: &str) -> ApiError {
    ApiError::Uncoded {
        status: StatusCode::BAD_REQUEST,
        message: format!("Invalid {label}: expected a string"),
    }
}

fn check_url(policy: &OriginPolicy, url: &str, code: ErrorCode) -> Result<(), ApiError> {
    // URL parsers drop line breaks, but a `Location` header with this text cannot contain them.
    let is_clean = !url.chars().any(char::is_control);
    let trusted = is_clean && if url.starts_with('/') { stays_here(url) } else { policy.trusts_origin(url) };
    if trusted { Ok(()) } else { Err(ApiError::Coded(code)) }
}

/// Whether a path that starts with `/` stays on the origin of the page (§4.4).
fn stays_here(path: &str) -> bool {
    let path_part = path.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_suspicious = path.starts_with("//")
        || path.contains('\\')
        || path.chars().any(char::is_control)
        || path_part.contains("%2f")
        || path_part.contains("%5c");
    let resolves_here = Url::parse(DUMMY_ORIGIN)
        .and_then(|base| base.join(path))
        .is_ok_and(|url| url.origin().ascii_serialization() == DUMMY_ORIGIN);
    !is_suspicious && resolves_here
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::web::host::HostPolicy;
    use crate::web::origin::{OriginChecks, OriginPattern};

    #[test]
    fn r_067_paths_pass_where_the_reference_lets_them() {
        let vectors: Vec<Value> =
            serde_json::from_str(include_str!("../../../tests/vectors/relative_callback_urls.json")).unwrap();
        assert_eq!(vectors.len(), 21);
        let patterns = vec![OriginPattern::parse("*.example.com").unwrap()];
        let policy = OriginPolicy::new(
            HostPolicy::of_one("https://auth.example.com"),
            String::new(),
            patterns,
            OriginChecks::default(),
        );
        for vector in vectors {
            let url = vector["url"].as_str().unwrap();
            let allowed = check_url(&policy, url, INVALID_CALLBACK_URL).is_ok();
            assert_eq!(allowed, vector["allowed"], "{url:?}");
            assert_eq!(policy.trusts_origin(url), vector["allowed_as_origin"], "{url:?}");
        }
    }

    #[test]
    fn r_067_only_paths_that_stay_here_pass() {
        for path in ["/", "/dash", "/a b", "/a?to=//evil.com", "/a#//evil.com", "/a:b;c", "/ü", "/a/../b"] {
            assert!(stays_here(path), "{path}");
        }
        for path in
            ["//evil.com", "/\\evil.com", "/\t/evil.com", "/%2Fevil.com", "/a%5cb", "/\u{85}", "/a\\b?x"]
        {
            assert!(!stays_here(path), "{path:?}");
        }
    }
}
