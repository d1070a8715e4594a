//! `server.base_url`, `server.allowed_hosts` and `server.protocol`: the base URLs under which clients reach
//! the server.

use auth_core::BaseUrl;
use serde::{Deserialize, Deserializer};

use crate::config::base_url::parse_address;
use crate::config::{Problem, SettingsError, values};
use crate::web::host::{HostPattern, Protocol};
use crate::web::origin::pattern_problem::unusable;

/// The base URLs under which clients reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUrlSettings {
    /// One base URL, whatever host a request names.
    Fixed(BaseUrl),
    /// The base URL of the requested host, if it is listed.
    ByHost(AllowedHosts),
}

/// The hosts that a server serves; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    hosts: Vec<HostPattern>,
    protocol: Protocol,
    fallback: Option<BaseUrl>,
}

const BASE_URL: &str = "server.base_url";
const ALLOWED_HOSTS: &str = "server.allowed_hosts";
const PROTOCOL: &str = "server.protocol";

/// A base URL as written in the settings. `path` is `None` if the URL has no path.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    url: BaseUrl,
    pub(crate) path: Option<String>,
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted =
            "an http or https address without user, query or fragment, such as \"https://auth.example.com\"";
        values::parsed(deserializer, wanted, |text| parse_address(text).map(|(url, path)| Self { url, path }))
    }
}

/// Reads `server.protocol`.
pub(crate) fn protocol<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Protocol, D::Error> {
    let words = [
        ("", Protocol::ByRequest),
        ("https", Protocol::Https),
        ("http", Protocol::Http),
        ("auto", Protocol::Auto),
    ];
    values::word(deserializer, &words)
}

impl BaseUrlSettings {
    /// Returns the base URL, if there is only one.
    pub fn fixed(&self) -> Option<&BaseUrl> {
        match self {
            Self::Fixed(url) => Some(url),
            Self::ByHost(_) => None,
        }
    }

    /// Combines the three keys.
    pub(crate) fn new(
        address: Option<&Address>,
        hosts: &[String],
        protocol: Protocol,
    ) -> Result<Self, SettingsError> {
        let url = address.map(|address| address.url.clone());
        match (hosts.is_empty(), url) {
            (false, fallback) => {
                let hosts = patterns(hosts, protocol)?;
                Ok(Self::ByHost(AllowedHosts { hosts, protocol, fallback }))
            }
            (true, _) if protocol != Protocol::ByRequest => {
                let reason =
                    format!("it is the scheme of the hosts in `{ALLOWED_HOSTS}`, and there are none");
                let way_out =
                    "leave it out, or list the hosts; the scheme of `server.base_url` is in the address";
                Err(SettingsError::refused(PROTOCOL, reason, way_out))
            }
            (true, Some(url)) => Ok(Self::Fixed(url)),
            (true, None) => {
                let way_out = "set it, or BETTER_AUTH_URL, to the address that clients use, such as https://auth.example.com, or list the hosts in `server.allowed_hosts`";
                Err(SettingsError::new(BASE_URL, Problem::Missing { way_out }))
            }
        }
    }

    /// Lists the origins of all base URLs as patterns; the fallback's origin is last.
    pub(crate) fn origins(&self) -> Vec<String> {
        match self {
            Self::Fixed(url) => vec![url.origin().to_owned()],
            Self::ByHost(allowed) => {
                let hosts = allowed.hosts.iter().flat_map(HostPattern::origins).cloned();
                hosts.chain(allowed.fallback.iter().map(|url| url.origin().to_owned())).collect()
            }
        }
    }

    /// Whether every base URL names a loopback host.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Fixed(url) => url.is_loopback(),
            Self::ByHost(allowed) => {
                allowed.hosts.iter().all(HostPattern::is_loopback)
                    && allowed.fallback.as_ref().is_none_or(BaseUrl::is_loopback)
            }
        }
    }

    /// Whether browsers may use https. False if hosts are listed and all of them are loopback hosts.
    pub(crate) fn is_https_possible(&self) -> bool {
        match self {
            Self::Fixed(url) => url.is_https(),
            Self::ByHost(allowed) => {
                let by_fallback = allowed.fallback.as_ref().is_some_and(BaseUrl::is_https);
                (allowed.protocol != Protocol::Http || by_fallback) && !self.is_loopback()
            }
        }
    }

    /// Returns the key by which browsers on other machines use plain http; `None` if they do not.
    pub(crate) fn plain_http(&self) -> Option<&'static str> {
        let is_plain = |url: &BaseUrl| !url.is_https() && !url.is_loopback();
        match self {
            Self::Fixed(url) => is_plain(url).then_some(BASE_URL),
            Self::ByHost(AllowedHosts { hosts, protocol, fallback }) => {
                let is_open = *protocol == Protocol::Http && !hosts.iter().all(HostPattern::is_loopback);
                let by_fallback = fallback.as_ref().is_some_and(is_plain).then_some(BASE_URL);
                is_open.then_some(PROTOCOL).or(by_fallback)
            }
        }
    }
}

impl AllowedHosts {
    /// The patterns, in the order of the settings.
    pub fn hosts(&self) -> &[HostPattern] {
        &self.hosts
    }

    /// How the scheme of a listed host is determined.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The base URL for a host that is not listed. If `None`, such a request is refused.
    pub fn fallback(&self) -> Option<&BaseUrl> {
        self.fallback.as_ref()
    }
}

fn patterns(hosts: &[String], protocol: Protocol) -> Result<Vec<HostPattern>, SettingsError> {
    let parse = |(text, place): (&String, u32)| {
        HostPattern::parse(text, protocol).map_err(|error| {
            let way_out = "write it like app.example.com, *.example.com or localhost:3000";
            SettingsError::refused(ALLOWED_HOSTS, format!("entry {place} {}", unusable(&error)), way_out)
        })
    };
    hosts.iter().zip(1..).map(parse).collect()
}
