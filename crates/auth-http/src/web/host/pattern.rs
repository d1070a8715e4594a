//! Host patterns: `app.example.com`, `*.preview.example.com`, `localhost:*` (`baseURL.allowedHosts`).

use std::fmt;

use auth_core::HostPort;

use super::{Protocol, Scheme};
use crate::config::glob::Glob;
use crate::web::origin::{Authority, OriginPattern, ParsePatternError};

/// A pattern of the allowed hosts, matched against `host[:port]` as the client sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    text: String,
    hosts: Hosts,
    origins: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    One(String),
    Many(Authority),
}

impl HostPattern {
    /// Parses a pattern. If it starts with `http://` or `https://`, pages are trusted under that scheme only;
    /// otherwise under the schemes that `protocol` implies.
    ///
    /// # Errors
    ///
    /// [`ParsePatternError`], as for a trusted origin, because each pattern is one. Better Auth
    /// accepts any text in the list.
    pub fn parse(text: &str, protocol: Protocol) -> Result<Self, ParsePatternError> {
        let text = text.trim();
        let (scheme, host) = match text.split_once("://") {
            None => (None, text),
            Some(("https", host)) => (Some(Scheme::Https), host),
            Some(("http", host)) => (Some(Scheme::Http), host),
            Some(_) => return Err(ParsePatternError::NeverMatches(text.to_owned())),
        };
        let is_of_hosts = |c: char| c.is_ascii_alphanumeric() || "-_.:*?[]".contains(c);
        if text.is_empty() {
            return Err(ParsePatternError::Empty);
        } else if !host.chars().all(is_of_hosts) {
            return Err(ParsePatternError::NeverMatches(text.to_owned()));
        }
        let schemes = match scheme {
            Some(scheme) => vec![scheme],
            None => schemes(protocol, HostPort::split(host).is_loopback()),
        };
        let origins: Vec<String> =
            schemes.iter().map(|scheme| format!("{}://{host}", scheme.as_str())).collect();
        for origin in &origins {
            OriginPattern::parse(origin)?;
        }
        let hosts = if Glob::has_wildcard(host) {
            Hosts::Many(Authority::new(host, host))
        } else {
            Hosts::One(host.to_owned())
        };
        Ok(Self { text: text.to_owned(), hosts, origins })
    }

    /// Whether a host matches, ignoring case. The port is part of the host, as the client wrote it.
    pub(super) fn matches(&self, host: &str) -> bool {
        match &self.hosts {
            Hosts::One(meant) => meant.eq_ignore_ascii_case(host),
            Hosts::Many(glob) => {
                let host = host.to_ascii_lowercase();
                glob.matches(&host, &host)
            }
        }
    }

    /// Returns the trusted origins of the pages of this host, as patterns.
    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Whether the pattern names a loopback host only.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.text.split_once("://").map_or(self.text.as_str(), |(_, host)| host);
        HostPort::split(host).is_loopback()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The schemes under which pages of a listed host are trusted (1.7.25, `getTrustedOrigins`).
fn schemes(protocol: Protocol, is_loopback: bool) -> Vec<Scheme> {
    match protocol {
        Protocol::Https | Protocol::ByRequest if is_loopback => vec![Scheme::Https, Scheme::Http],
        Protocol::Https | Protocol::ByRequest => vec![Scheme::Https],
        Protocol::Http => vec![Scheme::Http],
        Protocol::Auto => vec![Scheme::Https, Scheme::Http],
    }
}
