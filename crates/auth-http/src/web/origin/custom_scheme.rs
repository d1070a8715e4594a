//! Addresses of installed applications: `myapp://`, `demo://host/callback`, `exp://192.168.*.*:*/**` (Better Auth core
//! §4.4).
//!
//! They are taken apart as text, as the reference does: parsers of URLs disagree on schemes that they do not know, and
//! the check must not depend on which one reads the address in the end.

use auth_core::decode_uri_component;

use super::ipv4_range::Authority;
use crate::config::glob::Glob;

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// In lower case.
    pub(super) scheme: String,
    /// What stands between `//` and the path, in lower case; empty where there is none.
    pub(super) authority: String,
    /// Decoded, without `.` and `..`; empty for the root.
    pub(super) path: String,
}

/// A pattern of addresses without a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ExactAddress(Address);

/// A pattern of addresses with one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AddressGlob {
    scheme: String,
    /// `None` means any.
    authority: Option<Authority>,
    /// `None` means any.
    path: Option<Glob>,
}

impl Address {
    /// Takes an address apart; `None` where it has no scheme, a control character, or no host where
    /// one belongs.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let address = Self::split(text, &['/', '?', '#'], &['?', '#'])?;
        // No URL by the WHATWG's rules, though not every parser says so: a user without a host, a backslash in one.
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
    /// Reads a pattern; `None` where it is no address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Address::parse(text).map(Self)
    }

    /// Tells whether an address has the same scheme, authority and path, or lies below the path. What the pattern
    /// leaves out may be anything.
    pub(super) fn matches(&self, address: &Address) -> bool {
        let Address { scheme, authority, path } = &self.0;
        let below = || address.path.strip_prefix(path.as_str()).is_some_and(|below| below.starts_with('/'));
        *scheme == address.scheme
            && (authority.is_empty() || *authority == address.authority)
            && (path.is_empty() || *path == address.path || below())
    }
}

impl AddressGlob {
    /// Reads a pattern, in which `?` begins no query; `None` where it is no address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Address { scheme, authority, path } = Address::split(text, &['/', '#'], &['#'])?;
        Some(Self {
            scheme,
            authority: (!authority.is_empty()).then(|| Authority::new(&authority, &authority)),
            path: (!path.is_empty()).then(|| Glob::new(&path)),
        })
    }

    /// Tells whether an address has the same scheme, and an authority and a path that the globs match. One that
    /// names a user never does.
    pub(super) fn matches(&self, address: &Address) -> bool {
        let path = if address.path.is_empty() { "/" } else { &address.path };
        self.scheme == address.scheme
            && !address.authority.contains('@')
            && self.authority.as_ref().is_none_or(|glob| glob.matches(&address.authority, &address.authority))
            && self.path.as_ref().is_none_or(|glob| glob.is_match(path))
    }
}

/// Decodes a path and resolves its dots, so that nothing leaves a pattern's path on the way.
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
