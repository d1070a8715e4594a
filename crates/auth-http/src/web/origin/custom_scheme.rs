//! URLs of installed applications: `myapp://`, `demo://host/callback`, `exp://192.168.*.*:*/**` (Better Auth
//! core §4.4).
//!
//! They are split as text, as Better Auth does. URL parsers disagree on unknown schemes, and the check must
//! not depend on which parser finally reads the URL.

use auth_core::decode_uri_component;

use super::ipv4_range::Authority;
use crate::config::glob::Glob;

/// A URL, split into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// In lower case.
    pub(super) scheme: String,
    /// The text between `//` and the path, in lower case; empty if there is none.
    pub(super) authority: String,
    /// Decoded, without `.` and `..`; empty for the root.
    pub(super) path: String,
}

/// A URL pattern without a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExactAddress(Address);

/// A URL pattern with a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressGlob {
    scheme: String,
    /// `None` means any.
    authority: Option<Authority>,
    /// `None` means any.
    path: Option<Glob>,
}

impl Address {
    /// Splits a URL. `None` if it has no scheme, has a control character, or lacks a required host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let address = Self::split(text, &['/', '?', '#'], &['?', '#'])?;
        // WHATWG URL rules reject a user without a host and a backslash in the host, but not every parser
        // does.
        let host = address.authority.rsplit('@').next().unwrap_or_default();
        let is_url = !host.contains('\\') && !address.authority.ends_with('@');
        is_url.then_some(address)
    }

    fn split(text: &str, authority_ends: &[char], path_ends: &[char]) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if scheme.is_empty() || text.chars().any(char::is_control) {
            return None;
        }
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(authority_ends).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let path = path.split(path_ends).next().unwrap_or_default();
        Some(Self {
            scheme: scheme.to_lowercase(),
            authority: authority.to_lowercase(),
            path: resolved(path),
        })
    }
}

impl ExactAddress {
    /// Parses a pattern; `None` if it is not a URL.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Address::parse(text).map(Self)
    }

    /// Whether a URL has the same scheme and authority, and the same path or one below it. An authority or
    /// path that the pattern omits may have any value.
    pub(super) fn matches(&self, address: &Address) -> bool {
        let Address { scheme, authority, path } = &self.0;
        let below = || address.path.strip_prefix(path.as_str()).is_some_and(|below| below.starts_with('/'));
        *scheme == address.scheme
            && (authority.is_empty() || *authority == address.authority)
            && (path.is_empty() || *path == address.path || below())
    }
}

impl AddressGlob {
    /// Parses a pattern, in which `?` does not start a query. `None` if it is not a URL.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Address { scheme, authority, path } = Address::split(text, &['/', '#'], &['#'])?;
        Some(Self {
            scheme,
            authority: (!authority.is_empty()).then(|| Authority::new(&authority, &authority)),
            path: (!path.is_empty()).then(|| Glob::new(&path)),
        })
    }

    /// Whether a URL has the same scheme, and an authority and a path that match the globs. A URL with a user
    /// name never matches.
    pub(super) fn matches(&self, address: &Address) -> bool {
        let path = if address.path.is_empty() { "/" } else { &address.path };
        self.scheme == address.scheme
            && !address.authority.contains('@')
            && self.authority.as_ref().is_none_or(|glob| glob.matches(&address.authority, &address.authority))
            && self.path.as_ref().is_none_or(|glob| glob.is_match(path))
    }
}

/// Decodes a path and resolves `.` and `..`, so that a path cannot leave the pattern's path.
fn resolved(path: &str) -> String {
    let decoded = decode_uri_component(path);
    let mut segments = Vec::new();
    for segment in decoded.as_deref().unwrap_or(path).split('/') {
        match segment {
            ".." => drop(segments.pop()),
            "." | "" => {}
            segment => segments.push(segment),
        }
    }
    segments.iter().map(|segment| format!("/{segment}")).collect()
}
