//! `server.base_url`, `server.allowed_hosts` and `server.protocol`: under which addresses clients know the server.

use url::{Host, Url};

use super::error::{Problem, SettingsError};
use super::reader::Reader;
use super::security::unusable;
use super::server::normalised_path;
use crate::web::host::{HostPattern, Protocol};

/// An address under which clients reach the server: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    hostname: String,
    https: bool,
    loopback: bool,
}

/// Under which addresses clients know the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseUrlSettings {
    /// One, whatever host a request names.
    Fixed(BaseUrl),
    /// That of the host that a request names, if it is listed.
    ByHost(AllowedHosts),
}

/// The hosts that a server answers for; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHosts {
    hosts: Vec<HostPattern>,
    protocol: Protocol,
    fallback: Option<BaseUrl>,
}

const BASE_URL: &str = "server.base_url";
const ALLOWED_HOSTS: &str = "server.allowed_hosts";
const PROTOCOL: &str = "server.protocol";

impl BaseUrl {
    /// The origin as browsers write it: lower-case host, no default port, no trailing slash.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host without its port.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// Tells whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Tells whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// Reads an address and its path; the path is `None` where the address has none of its own.
    pub(crate) fn parse(text: &str) -> Option<(Self, Option<String>)> {
        let url = Url::parse(text).ok()?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            return None;
        }
        let loopback = match url.host()? {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let path = match url.path() {
            "" | "/" => None,
            path => Some(normalised_path(path)?),
        };
        let base = Self {
            origin: url.origin().ascii_serialization(),
            hostname: url.host_str()?.to_owned(),
            https,
            loopback,
        };
        Some((base, path))
    }

    fn read(reader: &Reader) -> Result<Option<(Self, Option<String>)>, SettingsError> {
        let Some(text) = reader.optional_text(BASE_URL)? else { return Ok(None) };
        Self::parse(&text).map(Some).ok_or_else(|| {
            reader.expected(BASE_URL, "an http or https address without user, query or fragment, such as \"https://auth.example.com\"")
        })
    }
}

impl BaseUrlSettings {
    /// Reads the three keys; the path of `server.base_url` is given too, where it has one.
    pub(super) fn read(reader: &Reader) -> Result<(Self, Option<String>), SettingsError> {
        let protocols = [
            ("", Protocol::ByRequest),
            ("https", Protocol::Https),
            ("http", Protocol::Http),
            ("auto", Protocol::Auto),
        ];
        let protocol = reader.choice(PROTOCOL, &protocols)?;
        let hosts = hosts(reader, protocol)?;
        let (url, path) = BaseUrl::read(reader)?.unzip();
        let addresses = match (hosts.is_empty(), url) {
            (false, fallback) => Self::ByHost(AllowedHosts { hosts, protocol, fallback }),
            (true, _) if protocol != Protocol::ByRequest => {
                let reason =
                    format!("it is the scheme of the hosts in `{ALLOWED_HOSTS}`, and there are none");
                let way_out =
                    "leave it out, or list the hosts; the scheme of `server.base_url` is in the address";
                return Err(reader.problem(PROTOCOL, Problem::Refused { reason, way_out }));
            }
            (true, Some(url)) => Self::Fixed(url),
            (true, None) => {
                let way_out = "set it, or BETTER_AUTH_URL, to the address that clients use, such as https://auth.example.com, or list the hosts in `server.allowed_hosts`";
                return Err(reader.problem(BASE_URL, Problem::Missing { way_out }));
            }
        };
        Ok((addresses, path.flatten()))
    }

    /// Lists the origins of all addresses as patterns, the fallback's last.
    pub(crate) fn origins(&self) -> Vec<String> {
        match self {
            Self::Fixed(url) => vec![url.origin().to_owned()],
            Self::ByHost(allowed) => {
                let hosts = allowed.hosts.iter().flat_map(HostPattern::origins).cloned();
                hosts.chain(allowed.fallback.iter().map(|url| url.origin().to_owned())).collect()
            }
        }
    }

    /// Tells whether every address is of this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Fixed(url) => url.is_loopback(),
            Self::ByHost(allowed) => {
                allowed.hosts.iter().all(HostPattern::is_loopback)
                    && allowed.fallback.as_ref().is_none_or(BaseUrl::is_loopback)
            }
        }
    }

    /// Tells whether browsers may come by https, from elsewhere where hosts are listed.
    pub(super) fn is_https_possible(&self) -> bool {
        match self {
            Self::Fixed(url) => url.is_https(),
            Self::ByHost(allowed) => {
                let by_fallback = allowed.fallback.as_ref().is_some_and(BaseUrl::is_https);
                (allowed.protocol != Protocol::Http || by_fallback) && !self.is_loopback()
            }
        }
    }

    /// Names the key that says that browsers come by plain http from elsewhere, if one does.
    pub(super) fn plain_http(&self) -> Option<&'static str> {
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

    /// How the scheme of a listed host is told.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The address that stands in for a host that is not listed; `None` refuses the request.
    pub fn fallback(&self) -> Option<&BaseUrl> {
        self.fallback.as_ref()
    }
}

fn hosts(reader: &Reader, protocol: Protocol) -> Result<Vec<HostPattern>, SettingsError> {
    let parse = |(index, text): (usize, String)| {
        HostPattern::parse(&text, protocol).map_err(|error| {
            let reason = format!("entry {} {}", index + 1, unusable(&error));
            let way_out = "write it like app.example.com, *.example.com or localhost:3000";
            reader.problem(ALLOWED_HOSTS, Problem::Refused { reason, way_out })
        })
    };
    reader.list(ALLOWED_HOSTS)?.into_iter().enumerate().map(parse).collect()
}
