//! Under which of its addresses a request reached this server (Better Auth core §4.5).
//!
//! One address holds whatever a request says. Where hosts are listed, the host that a request names is held against the
//! list, and only what the list let through goes into cookies and tokens. Nothing is remembered from one request to the next
//!

mod pattern;

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName};

use crate::settings::{AllowedHosts, BaseUrl, BaseUrlSettings, Network, ProxiesSettings};
use crate::web::client_address::is_one_of;

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
    /// Proxies whose word on host and scheme is taken.
    proxies: Vec<Network>,
}

/// What a request says of where it wanted to go. All of it is its sender's word.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'r> {
    /// The other end of the connection.
    peer: Option<IpAddr>,
    /// Whether this server itself has the connection's TLS, as an app that mounts the routes may.
    is_tls: bool,
    /// The host in the request's target, where HTTP/2 has it.
    authority: Option<&'r str>,
    headers: &'r HeaderMap,
}

impl<'r> Asked<'r> {
    /// Reads a request; nothing is judged yet.
    pub fn of(request: &'r HttpRequest) -> Self {
        Self {
            peer: request.peer_addr().map(|peer| peer.ip()),
            is_tls: request.app_config().secure(),
            authority: request.uri().authority().map(|authority| authority.as_str()),
            headers: request.headers(),
        }
    }

    /// Gives the one value of a header; `None` where it came twice, since there is no telling whose word would count.
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

    /// Makes a policy of one address, which believes nobody.
    #[cfg(test)]
    pub(crate) fn of_one(url: &str) -> Self {
        #[expect(clippy::unwrap_used, reason = "tests")]
        let (url, _) = BaseUrl::parse(url).unwrap();
        Self { addresses: BaseUrlSettings::Fixed(url), proxies: Vec::new() }
    }

    /// Gives the address that a request reached; `None` where its host is not listed and nothing stands in for it.
    pub fn base_url<'p>(&'p self, asked: &Asked<'_>) -> Option<Cow<'p, BaseUrl>> {
        let allowed = match &self.addresses {
            BaseUrlSettings::Fixed(url) => return Some(Cow::Borrowed(url)),
            BaseUrlSettings::ByHost(allowed) => allowed,
        };
        let host = self.forwarded_host(asked).or_else(|| asked.host());
        host.and_then(|host| self.listed(allowed, host, asked))
            .map(Cow::Owned)
            .or_else(|| allowed.fallback().map(Cow::Borrowed))
    }

    fn listed(&self, allowed: &AllowedHosts, host: &str, asked: &Asked<'_>) -> Option<BaseUrl> {
        if !allowed.hosts().iter().any(|pattern| pattern.matches(host)) {
            return None;
        }
        let scheme = self.scheme(asked, host).as_str();
        BaseUrl::parse(&format!("{scheme}://{host}")).map(|(url, _)| url)
    }

    /// Tells the scheme of an address whose host a request named. TLS may end before this server, so that the
    /// connection's own says little.
    pub(crate) fn scheme(&self, asked: &Asked<'_>, host: &str) -> Scheme {
        let protocol = match &self.addresses {
            BaseUrlSettings::Fixed(url) if url.is_https() => Protocol::Https,
            BaseUrlSettings::Fixed(_) => Protocol::Http,
            BaseUrlSettings::ByHost(allowed) => allowed.protocol(),
        };
        match protocol {
            Protocol::Https => Scheme::Https,
            Protocol::Http => Scheme::Http,
            Protocol::ByRequest | Protocol::Auto => match self.forwarded_scheme(asked) {
                Some(scheme) => scheme,
                None if asked.is_tls || !is_loopback(host) => Scheme::Https,
                None => Scheme::Http,
            },
        }
    }

    /// Gives the origin that a believed proxy names, which takes both its headers.
    pub(crate) fn forwarded_origin(&self, asked: &Asked<'_>) -> Option<String> {
        let (scheme, host) = self.forwarded_scheme(asked).zip(self.forwarded_host(asked))?;
        Some(format!("{}://{host}", scheme.as_str()))
    }

    fn forwarded_host<'r>(&self, asked: &Asked<'r>) -> Option<&'r str> {
        self.forwarded(asked, &FORWARDED_HOST).filter(|host| is_host(host))
    }

    fn forwarded_scheme(&self, asked: &Asked<'_>) -> Option<Scheme> {
        match self.forwarded(asked, &FORWARDED_PROTO) {
            Some("https") => Some(Scheme::Https),
            Some("http") => Some(Scheme::Http),
            _ => None,
        }
    }

    /// Gives what a proxy says, if it is one whose word counts.
    fn forwarded<'r>(&self, asked: &Asked<'r>, name: &HeaderName) -> Option<&'r str> {
        asked.peer.filter(|peer| is_one_of(*peer, &self.proxies)).and_then(|_| asked.one(name))
    }
}

/// Tells whether a text has the form `host` or `host:port`: a name of labels, or an address. Nothing else of a URL can hide
/// in it.
fn is_host(text: &str) -> bool {
    let (host, port) = split_port(text);
    let is_port =
        |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_edged = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !is_edged
    };
    let is_name = match bracketed(host) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_label),
    };
    host.len() <= LONGEST_NAME && is_name && port.is_none_or(is_port)
}

/// Tells whether a host, or a pattern of hosts, is of this machine.
fn is_loopback(host: &str) -> bool {
    let (host, _) = split_port(host);
    let host = host.to_ascii_lowercase();
    match bracketed(&host) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback()),
        None => {
            host == "localhost"
                || host.ends_with(".localhost")
                || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Cuts `host:port`, where the host may be an IPv6 address in brackets.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn bracketed(host: &str) -> Option<&str> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']'))
}

#[cfg(test)]
mod tests;
