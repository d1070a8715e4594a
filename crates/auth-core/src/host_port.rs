//! `host[:port]`, as in URLs and `Host` headers.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A text split at the colon before the port. Neither part is validated.
///
/// ```
/// use auth_core::HostPort;
///
/// assert_eq!(HostPort::split("example.com:80"), HostPort { host: "example.com", port: Some("80") });
/// assert_eq!(HostPort::split("[::1]"), HostPort { host: "[::1]", port: None });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostPort<'t> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'t str,
    /// The text after the colon; `None` if there is no colon.
    pub port: Option<&'t str>,
}

impl<'t> HostPort<'t> {
    /// Splits a text.
    pub fn split(text: &'t str) -> Self {
        match text.rsplit_once(':') {
            // A colon inside the brackets belongs to the address.
            Some((host, port)) if !port.contains(']') => Self { host, port: Some(port) },
            Some(_) | None => Self { host: text, port: None },
        }
    }

    /// Returns the text between the brackets of an IPv6 address; `None` if the host has no brackets.
    pub fn bracketed(self) -> Option<&'t str> {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']'))
    }

    /// Whether the host is this machine: `localhost`, a subdomain of it, or a loopback address.
    ///
    /// ```
    /// use auth_core::HostPort;
    ///
    /// for text in ["localhost:3000", "App.LocalHost", "127.0.0.2", "[::1]:3000"] {
    ///     assert!(HostPort::split(text).is_loopback(), "{text}");
    /// }
    /// for text in ["example.com", "notlocalhost", "127.0.0.1.example.com", "[::2]", ""] {
    ///     assert!(!HostPort::split(text).is_loopback(), "{text}");
    /// }
    /// ```
    pub fn is_loopback(self) -> bool {
        if let Some(address) = self.bracketed() {
            return address.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
        }
        let name = self.host.to_ascii_lowercase();
        name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether the host is an IPv6 address in brackets, or a name that URLs contain unencoded.
    pub(crate) fn has_plain_host(self) -> bool {
        match self.bracketed() {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => is_plain_name(self.host),
        }
    }
}

/// Whether a text consists of labels of ASCII letters, digits, `-` and `_`, separated by dots.
pub(crate) fn is_plain_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.split('.').all(|label| !label.is_empty() && label.bytes().all(is_plain))
}
