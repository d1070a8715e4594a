//! Globs over `host[:port]`, of which those made of digits mean addresses: `192.168.*.*` must not match the name
//! `192.168.evil.com` (Better Auth core §4.4).

use std::net::Ipv4Addr;

use crate::config::glob::Glob;

/// A glob over a text that holds an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    glob: Glob,
    is_range: bool,
}

impl Authority {
    /// Reads a glob and the authority in it.
    pub(crate) fn new(glob: &str, authority: &str) -> Self {
        Self { glob: Glob::new(glob), is_range: is_range(authority) }
    }

    /// Tells whether a text matches, and has an address for an authority where a range of them is meant.
    pub(crate) fn matches(&self, text: &str, authority: &str) -> bool {
        (!self.is_range || host(authority).parse::<Ipv4Addr>().is_ok()) && self.glob.is_match(text)
    }
}

/// Tells whether the host of an authority is a range of addresses: digits, dots and wildcards.
pub(super) fn is_range(authority: &str) -> bool {
    let host = host(authority);
    host.contains(|c: char| c.is_ascii_digit())
        && host.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '*' | '?'))
}

/// Gives the host of an authority, or of a pattern of authorities, whose port may be a wildcard.
pub(super) fn host(authority: &str) -> &str {
    match authority.split_inclusive(']').next() {
        Some(address) if authority.starts_with('[') => address,
        Some(_) | None => authority.split(':').next().unwrap_or_default(),
    }
}
