//! Under which of its addresses a request reached this server (Better Auth core §4.5).
//!
//! One address holds whatever a request says. Where hosts are listed, the host that a request names is held against the
//! list, and only what the list let through goes into cookies and tokens. Nothing is remembered from one request to the next
//!

mod pattern;
pub(crate) mod settings;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName};
use auth_core::{BaseUrl, HostPort};

use crate::config::Network;
use crate::config::base_url::parse_address;
use crate::web::client_address::is_one_of;
use crate::web::client_address::settings::ProxiesSettings;
use crate::web::host::settings::{AllowedHosts, BaseUrlSettings};

pub use pattern::HostPattern;

/// The longest name of a host (RFC 1035 §2.3.4, as text), in bytes. What a request says is held against every pattern.
const LONGEST_NAME: usize = 253;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How the scheme of a listed host is told (`baseURL.protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `https`, whatever a request says.
    Https,
    /// `http`, whatever a request says.
    Http,
    /// By the request: what a believed proxy says, else `https`, but for this machine `http`. Pages under `http` are
    /// trusted for hosts of this machine alone.
    ByRequest,
    /// By the request too; pages of every listed host are trusted under both schemes.
    Auto,
}

/// The scheme of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Https,
    Http,
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// Decides under which address a request reached this server.
#[derive(Clone, Debug)]
pub struct HostPolicy {
    addresses: BaseUrlSettings,
    /// Proxies whose headers on host and scheme are believed.
    proxies: Vec<Network>,
}

/// The address under which a request reached this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReachedAddress {
    /// The only one that the server has.
    Fixed,
    /// That of a listed host, or what stands in for one.
    Listed(BaseUrl),
}

/// What a request says of the host that it is for. All of it is chosen by the sender.
#[derive(Clone, Copy, Debug)]
pub struct RequestedHost<'r> {
    /// The other end of the connection.
    peer: Option<IpAddr>,
    /// Whether this server itself has the connection's TLS, as an app that mounts the routes may.
    is_tls: bool,
    /// The host in the request's target, where HTTP/2 has it.
    authority: Option<&'r str>,
    headers: &'r HeaderMap,
}

impl<'r> RequestedHost<'r> {
    /// Reads a request; nothing is judged yet.
    pub fn of(request: &'r HttpRequest) -> Self {
        Self {
            peer: request.peer_addr().map(|peer| peer.ip()),
            is_tls: request.app_config().secure(),
            authority: request.uri().authority().map(|authority| authority.as_str()),
            headers: request.headers(),
        }
    }

    /// Gives the one value of a header; `None` where it came twice, since it is unknown which of the two
    /// counts.
    fn one(&self, name: &HeaderName) -> Option<&'r str> {
        let mut lines = self.headers.get_all(name);
        let line = lines.next()?.to_str().ok()?;
        lines.next().is_none().then_some(line)
    }

    /// Gives the host that the request names, if it has the form of one.
    fn host(&self) -> Option<&'r str> {
        let named = if self.headers.contains_key(HOST) { self.one(&HOST) } else { self.authority };
        named.filter(|host| is_host(host))
    }
}

impl HostPolicy {
    /// Takes the addresses, and the proxies where their word on host and scheme is to be believed.
    pub fn new(addresses: BaseUrlSettings, proxies: &ProxiesSettings) -> Self {
        let proxies = if proxies.trusted_proxy_headers { proxies.trusted.clone() } else { Vec::new() };
        Self { addresses, proxies }
    }

    /// Makes a policy of one address, which believes no proxy.
    #[cfg(test)]
    pub(crate) fn of_one(url: &str) -> Self {
        #[expect(clippy::unwrap_used, reason = "tests")]
        let (url, _) = parse_address(url).unwrap();
        Self { addresses: BaseUrlSettings::Fixed(url), proxies: Vec::new() }
    }

    /// As [`HostPolicy::base_url`], without a copy of an address that never changes.
    pub(crate) fn reached(&self, requested: &RequestedHost<'_>) -> Option<ReachedAddress> {
        match &self.addresses {
            BaseUrlSettings::Fixed(_) => Some(ReachedAddress::Fixed),
            BaseUrlSettings::ByHost(_) => {
                self.base_url(requested).map(|url| ReachedAddress::Listed(url.into_owned()))
            }
        }
    }

    /// Gives the address that a request reached; `None` where its host is not listed and nothing stands in for it.
    pub fn base_url<'p>(&'p self, requested: &RequestedHost<'_>) -> Option<Cow<'p, BaseUrl>> {
        let allowed = match &self.addresses {
            BaseUrlSettings::Fixed(url) => return Some(Cow::Borrowed(url)),
            BaseUrlSettings::ByHost(allowed) => allowed,
        };
        let host = self.forwarded_host(requested).or_else(|| requested.host());
        host.and_then(|host| self.listed(allowed, host, requested))
            .map(Cow::Owned)
            .or_else(|| allowed.fallback().map(Cow::Borrowed))
    }

    fn listed(&self, allowed: &AllowedHosts, host: &str, requested: &RequestedHost<'_>) -> Option<BaseUrl> {
        if !allowed.hosts().iter().any(|pattern| pattern.matches(host)) {
            return None;
        }
        let scheme = self.scheme(requested, host).as_str();
        parse_address(&format!("{scheme}://{host}")).map(|(url, _)| url)
    }

    /// Tells the scheme of an address whose host a request named. TLS may end before this server, so that the
    /// connection's own says little.
    pub(crate) fn scheme(&self, requested: &RequestedHost<'_>, host: &str) -> Scheme {
        let protocol = match &self.addresses {
            BaseUrlSettings::Fixed(url) if url.is_https() => Protocol::Https,
            BaseUrlSettings::Fixed(_) => Protocol::Http,
            BaseUrlSettings::ByHost(allowed) => allowed.protocol(),
        };
        match protocol {
            Protocol::Https => Scheme::Https,
            Protocol::Http => Scheme::Http,
            Protocol::ByRequest | Protocol::Auto => match self.forwarded_scheme(requested) {
                Some(scheme) => scheme,
                None if requested.is_tls || !HostPort::split(host).is_loopback() => Scheme::Https,
                None => Scheme::Http,
            },
        }
    }

    /// Gives the origin that a believed proxy names, which takes both its headers.
    pub(crate) fn forwarded_origin(&self, requested: &RequestedHost<'_>) -> Option<String> {
        let (scheme, host) = self.forwarded_scheme(requested).zip(self.forwarded_host(requested))?;
        Some(format!("{}://{host}", scheme.as_str()))
    }

    fn forwarded_host<'r>(&self, requested: &RequestedHost<'r>) -> Option<&'r str> {
        self.forwarded(requested, &FORWARDED_HOST).filter(|host| is_host(host))
    }

    fn forwarded_scheme(&self, requested: &RequestedHost<'_>) -> Option<Scheme> {
        match self.forwarded(requested, &FORWARDED_PROTO) {
            Some("https") => Some(Scheme::Https),
            Some("http") => Some(Scheme::Http),
            _ => None,
        }
    }

    /// Gives what a proxy says, if it is one that is believed.
    fn forwarded<'r>(&self, requested: &RequestedHost<'r>, name: &HeaderName) -> Option<&'r str> {
        requested.peer.filter(|peer| is_one_of(*peer, &self.proxies)).and_then(|_| requested.one(name))
    }
}

/// Tells whether a text has the form `host` or `host:port`: a name of labels, or an address. Nothing else of a URL can hide
/// in it.
fn is_host(text: &str) -> bool {
    let parts = HostPort::split(text);
    let HostPort { host, port } = parts;
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_edged = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !is_edged
    };
    let is_name = match parts.bracketed() {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_label),
    };
    host.len() <= LONGEST_NAME && is_name && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests;
