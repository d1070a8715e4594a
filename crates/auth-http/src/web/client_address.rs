//! Which client a request comes from.
//!
//! The socket's peer, unless that is a configured proxy: then the first hop from the right of the proxies'
//! header that is not a proxy itself. Whatever stands left of it was written by the client and means nothing.
//! A hop that is no address makes the whole request's address unknown: guessing would let a client choose how
//! it is counted.

pub(crate) mod settings;

use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::HeaderMap;

use crate::config::Network;
use crate::web::client_address::settings::ProxiesSettings;

/// A client's address in canonical form (Better Auth core §6): IPv4 as it is, an IPv4-mapped IPv6 address as
/// IPv4, any other IPv6 address in eight lower-case groups with the host's part zeroed, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

/// Decides which client a request comes from.
#[derive(Clone, Debug)]
pub struct ClientAddressPolicy {
    proxies: ProxiesSettings,
}

impl ClientAddressPolicy {
    /// Makes a policy that believes the configured proxies alone.
    pub fn new(proxies: ProxiesSettings) -> Self {
        Self { proxies }
    }

    /// Works out the client of a request that arrived from `peer` with `headers`; `None` where it is
    /// unknown, or the settings turn it off.
    pub fn client_address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<ClientAddress> {
        let peer = unmapped(peer.filter(|_| self.proxies.track_addresses)?);
        let client =
            if is_proxy(peer, &self.proxies) { forwarded_for(headers, &self.proxies)? } else { peer };
        Some(ClientAddress::canonical(client, self.proxies.ipv6_prefix))
    }
}

impl ClientAddress {
    /// Brings an address into canonical form, keeping `ipv6_prefix` leading bits of an IPv6 one.
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

/// Takes an IPv4 address out of its IPv6 clothing.
pub(crate) fn unmapped(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn is_proxy(address: IpAddr, proxies: &ProxiesSettings) -> bool {
    is_one_of(address, &proxies.trusted)
}

/// Tells whether an address is in one of the networks.
pub(crate) fn is_one_of(address: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Reads the first configured header that is present, all its lines as one list; empty elements mean nothing
/// (RFC 9110 §5.6.1.2).
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

/// Reads one hop: an address, without port, brackets or quotes; a zone id is dropped.
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
