//! The client address of a request.
//!
//! It is the address of the socket's peer, unless the peer is a configured proxy. Behind a proxy, it is the
//! rightmost entry of the forwarding header that is not a proxy. Entries to the left of it are ignored,
//! because the client can forge them. If an entry on the way is not an address, the client address is
//! unknown: a guess would let a client choose the address under which it is counted.

pub(crate) mod settings;

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::HeaderMap;

use crate::config::Network;
use crate::web::client_address::settings::ProxiesSettings;

/// A client's address in canonical form (Better Auth core §6). IPv4 stays as it is, and an IPv4-mapped IPv6
/// address becomes IPv4. Any other IPv6 address is written as eight lower-case groups, without a zone and
/// with its host bits set to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

/// Determines the client address of a request.
#[derive(Clone, Debug)]
pub struct ClientAddressPolicy {
    proxies: ProxiesSettings,
}

impl ClientAddressPolicy {
    /// A policy under which no client has an address.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::new(ProxiesSettings {
            track_addresses: false,
            trusted: Vec::new(),
            headers: Vec::new(),
            trusted_proxy_headers: false,
            ipv6_prefix: 64,
        })
    }

    /// Creates a policy that trusts only the configured proxies.
    pub fn new(proxies: ProxiesSettings) -> Self {
        Self { proxies }
    }

    /// Returns the client address of a request that arrived from `peer` with `headers`. `None` if it is
    /// unknown, or if the settings turn address tracking off.
    pub fn client_address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<ClientAddress> {
        let peer = unmapped(peer.filter(|_| self.proxies.track_addresses)?);
        let client =
            if is_proxy(peer, &self.proxies) { forwarded_for(headers, &self.proxies)? } else { peer };
        Some(ClientAddress::canonical(client, self.proxies.ipv6_prefix))
    }
}

impl ClientAddress {
    /// Converts an address to canonical form. Of an IPv6 address, it keeps the first `ipv6_prefix` bits.
    pub fn canonical(address: IpAddr, ipv6_prefix: u8) -> Self {
        match unmapped(address) {
            IpAddr::V4(address) => Self(address.into()),
            IpAddr::V6(address) => {
                let host_bits = 128_u32.saturating_sub(u32::from(ipv6_prefix));
                let mask = u128::MAX.checked_shl(host_bits).unwrap_or(0);
                Self(Ipv6Addr::from_bits(address.to_bits() & mask).into())
            }
        }
    }
}

impl std::fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => {
                let [first, rest @ ..] = address.segments();
                write!(f, "{first:04x}")?;
                rest.iter().try_for_each(|group| write!(f, ":{group:04x}"))
            }
        }
    }
}

/// Converts an IPv4-mapped IPv6 address to IPv4, and returns any other address unchanged.
pub(crate) fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn is_proxy(address: IpAddr, proxies: &ProxiesSettings) -> bool {
    is_one_of(address, &proxies.trusted)
}

/// Whether an address is in one of the networks.
pub(crate) fn is_one_of(address: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Finds the client in the first configured header that is present. All its lines form one list; empty
/// elements are ignored (RFC 9110 §5.6.1.2).
fn forwarded_for(headers: &HeaderMap, proxies: &ProxiesSettings) -> Option<IpAddr> {
    let name = proxies.headers.iter().find(|name| headers.contains_key(*name))?;
    let lines: Vec<&str> = headers.get_all(name).map(|line| line.to_str().ok()).collect::<Option<_>>()?;
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim);
    for hop in hops.filter(|hop| !hop.is_empty()) {
        let hop = parse_hop(hop)?;
        if !is_proxy(hop, proxies) {
            return Some(hop);
        }
    }
    None
}

/// Parses one hop: an address without port, brackets or quotes. A zone id is dropped.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => IpAddr::V6(address.parse().ok()?),
        Some(_) => return None,
        None => text.parse().ok()?,
    };
    Some(unmapped(address))
}

#[cfg(test)]
mod tests;
