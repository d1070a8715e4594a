//! The base URL under which a request reached this server (Better Auth core §4.5).
//!
//! A server with one base URL uses it whatever a request says. If hosts are listed, the requested host is
//! checked against the list, and only a listed host goes into cookies and tokens. Nothing is kept from one
//! request to the next.

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

/// Maximum length of a host name in bytes (RFC 1035 §2.3.4, as text). It bounds the work of matching a
/// requested host against every pattern.
const LONGEST_NAME: usize = 253;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// How the scheme of a listed host is determined (`baseURL.protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Always `https`.
    Https,
    /// Always `http`.
    Http,
    /// The scheme that a trusted proxy names. Without one, `http` for a loopback host without TLS, and
    /// `https` for every other request. Pages under `http` are trusted for loopback hosts only.
    ByRequest,
    /// As [`Protocol::ByRequest`], but pages of every listed host are trusted under both schemes.
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

/// Determines the base URL under which a request reached this server.
#[derive(Clone, Debug)]
pub struct HostPolicy {
    addresses: BaseUrlSettings,
    /// Proxies whose host and scheme headers are trusted.
    proxies: Vec<Network>,
}

/// The base URL under which a request reached this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReachedAddress {
    /// The server's only base URL.
    Fixed,
    /// The base URL of a listed host, or the fallback.
    Listed(BaseUrl),
}

/// The parts of a request that name its host. The sender chooses all of them.
#[derive(Clone, Copy, Debug)]
pub struct RequestedHost<'r> {
    /// The peer of the connection.
    peer: Option<IpAddr>,
    /// Whether this server terminates the connection's TLS, as an app that mounts the routes may.
    is_tls: bool,
    /// The host in the request target, where HTTP/2 puts it.
    authority: Option<&'r str>,
    headers: &'r HeaderMap,
}

impl<'r> RequestedHost<'r> {
    /// Reads a request without checking anything.
    pub fn of(request: &'r HttpRequest) -> Self {
        Self {
            peer: request.peer_addr().map(|peer| peer.ip()),
            is_tls: request.app_config().secure(),
            authority: request.uri().authority().map(|authority| authority.as_str()),
            headers: request.headers(),
        }
    }

    /// Returns the only value of a header. `None` if the header occurs twice, since it is unknown which value
    /// counts.
    fn one(&self, name: &HeaderName) -> Option<&'r str> {
        let mut lines = self.headers.get_all(name);
        let line = lines.next()?.to_str().ok()?;
        lines.next().is_none().then_some(line)
    }

    /// Returns the requested host, if it has the form of a host.
    fn host(&self) -> Option<&'r str> {
        let named = if self.headers.contains_key(HOST) { self.one(&HOST) } else { self.authority };
        named.filter(|host| is_host(host))
    }
}

impl HostPolicy {
    /// Takes the base URLs, and the proxies if the settings trust their host and scheme headers.
    pub fn new(addresses: BaseUrlSettings, proxies: &ProxiesSettings) -> Self {
        let proxies = if proxies.trusted_proxy_headers { proxies.trusted.clone() } else { Vec::new() };
        Self { addresses, proxies }
    }

    /// Creates a policy with one base URL that trusts no proxy.
    #[cfg(test)]
    pub(crate) fn of_one(url: &str) -> Self {
        #[expect(clippy::unwrap_used, reason = "tests")]
        let (url, _) = parse_address(url).unwrap();
        Self { addresses: BaseUrlSettings::Fixed(url), proxies: Vec::new() }
    }

    /// As [`HostPolicy::base_url`], without a copy of a fixed base URL.
    pub(crate) fn reached(&self, requested: &RequestedHost<'_>) -> Option<ReachedAddress> {
        match &self.addresses {
            BaseUrlSettings::Fixed(_) => Some(ReachedAddress::Fixed),
            BaseUrlSettings::ByHost(_) => {
                self.base_url(requested).map(|url| ReachedAddress::Listed(url.into_owned()))
            }
        }
    }

    /// Returns the base URL that a request reached. `None` if its host is not listed and there is no
    /// fallback.
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

    /// Returns the scheme for a requested host. TLS may end at a proxy, so the scheme of the connection is
    /// not enough.
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

    /// Returns the origin that a trusted proxy names. It must send both headers.
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

    /// Returns the value of a header, if the peer is a trusted proxy.
    fn forwarded<'r>(&self, requested: &RequestedHost<'r>, name: &HeaderName) -> Option<&'r str> {
        requested.peer.filter(|peer| is_one_of(*peer, &self.proxies)).and_then(|_| requested.one(name))
    }
}

/// Whether a text has the form `host` or `host:port`, where the host is a name of labels or an IP address.
/// This excludes every other part of a URL.
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
