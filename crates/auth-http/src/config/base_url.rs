//! An address under which clients reach the server, and the path below it.

use url::{Host, Url};

/// An address under which clients reach the server: scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    hostname: String,
    https: bool,
    loopback: bool,
}

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
}

/// Gives a path one leading and no trailing slash; `None` where it could match no request.
pub(crate) fn normalised_path(text: &str) -> Option<String> {
    let inner = text.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    if inner.is_empty() {
        Some(String::new())
    } else if inner.chars().all(plain) && !inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some(format!("/{inner}"))
    } else {
        None
    }
}
