//! Redirect fields: `callbackURL` and its siblings may only lead to trusted places.

use auth_core::wire::ErrorCode;
use serde_json::Value;
use url::Url;

use super::OriginPolicy;
use crate::web::body::Body;
use crate::web::error::ApiError;

/// A field, its name in messages, and its refusal.
const FIELDS: [(&str, &str, ErrorCode); 4] = [
    ("callbackURL", "callbackURL", ErrorCode::InvalidCallbackUrl),
    ("redirectTo", "redirectURL", ErrorCode::InvalidRedirectUrl),
    ("errorCallbackURL", "errorCallbackURL", ErrorCode::InvalidErrorCallbackUrl),
    ("newUserCallbackURL", "newUserCallbackURL", ErrorCode::InvalidNewUserCallbackUrl),
];

/// Against which a relative path is resolved; `.invalid` never names a host (RFC 2606 §2).
const DUMMY_ORIGIN: &str = "https://origin.invalid";

/// Checks each field of the body, and `callbackURL` of the query where the body has none.
pub(super) fn check(policy: &OriginPolicy, body: &Body, query: &str) -> Result<(), ApiError> {
    for (name, label, code) in FIELDS {
        match body.member(name).filter(|value| is_truthy(value)) {
            Some(Value::String(url)) => check_url(policy, url, code)?,
            Some(_) => return Err(ApiError::RedirectNotText { label }),
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
        (Some(_), Some(_)) => Err(ApiError::RedirectNotText { label }),
        (Some((_, url)), None) if !url.is_empty() => check_url(policy, &url, code),
        _ => Ok(()),
    }
}

fn check_url(policy: &OriginPolicy, url: &str, code: ErrorCode) -> Result<(), ApiError> {
    // URL parsers drop line breaks; the `Location` header that repeats the text cannot hold them.
    let is_clean = !url.chars().any(char::is_control);
    let trusted = is_clean && if url.starts_with('/') { stays_here(url) } else { policy.trusts_origin(url) };
    if trusted { Ok(()) } else { Err(ApiError::Coded(code)) }
}

/// Tells whether a path that starts with `/` stays on the origin it is followed from (§4.4).
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

/// Truth as JavaScript sees it: absent, `null`, `false`, `0` and `""` are no redirect.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
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
            let allowed = check_url(&policy, url, ErrorCode::InvalidCallbackUrl).is_ok();
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
