//! An address under which clients reach the server, and the path below it.

use auth_core::BaseUrl;
use url::Url;

/// Reads an http or https address as browsers do, and its path; the path is `None` where the address has none of
/// its own. `None` instead of both for a text that is no such address, or has a user, a query or a fragment.
///
/// The standard's parser comes first: it writes hosts in Punycode and numbers as IPv4 addresses.
pub(crate) fn parse_address(text: &str) -> Option<(BaseUrl, Option<String>)> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !bare {
        return None;
    }
    let path = match url.path() {
        "" | "/" => None,
        path => Some(normalised_path(path)?),
    };
    let base = BaseUrl::parse(&url.origin().ascii_serialization()).ok()?;
    Some((base, path))
}

/// Gives a path one leading and no trailing slash; `None` where it could match no request.
pub(crate) fn normalised_path(text: &str) -> Option<String> {
    let inner = text.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    if inner.is_empty() {
        Some(String::new())
    } else if inner.chars().all(plain) && !inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some(format!("/{inner}"))
    } else {
        None
    }
}
