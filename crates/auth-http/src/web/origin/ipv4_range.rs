//! Globs over `host[:port]`. A host of digits and wildcards means IPv4 addresses: `192.168.*.*` must not
//! match the name `192.168.evil.com` (Better Auth core §4.4).

use std::net::Ipv4Addr;

use crate::config::glob::Glob;

/// A glob over a text that contains an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    glob: Glob,
    is_range: bool,
}

impl Authority {
    /// Compiles a glob and determines whether its authority is an address range.
    pub(crate) fn new(glob: &str, authority: &str) -> Self {
        Self { glob: Glob::new(glob), is_range: is_range(authority) }
    }

    /// Whether a text matches. If the glob means an address range, the authority must be an IPv4 address.
    pub(crate) fn matches(&self, text: &str, authority: &str) -> bool {
        (!self.is_range || host(authority).parse::<Ipv4Addr>().is_ok()) && self.glob.is_match(text)
    }
}

/// Whether the host of an authority is a range of addresses: digits, dots and wildcards.
pub(super) fn is_range(authority: &str) -> bool {
    let host = host(authority);
    host.contains(|c: char| c.is_ascii_digit())
        && host.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '*' | '?'))
}

/// Returns the host of an authority or of a pattern of authorities, in which the port may be a wildcard.
pub(super) fn host(authority: &str) -> &str {
    match authority.split_inclusive(']').next() {
        Some(address) if authority.starts_with('[') => address,
        Some(_) | None => authority.split(':').next().unwrap_or_default(),
    }
}
