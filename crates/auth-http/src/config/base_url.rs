//! Parses a base URL under which clients reach the server, and the path in it.

use auth_core::BaseUrl;
use url::Url;

/// Parses an http or https URL as browsers do, into base URL and path. The path is `None` if the URL has
/// none. The result is `None` if the text is not such a URL, or if it has a user, a query or a fragment.
///
/// The URL standard's parser runs first, because it converts hosts to Punycode and numbers to IPv4 addresses.
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

/// Normalises a path to one leading and no trailing slash; `None` if it could match no request.
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
