//! The address under which browsers reach the auth server.

use crate::host_port::HostPort;

/// The value of `BETTER_AUTH_URL`: the origin that issues tokens, and whether its cookies are for https only.
///
/// ```
/// use auth_core::BaseUrl;
///
/// let url = BaseUrl::parse("https://Auth.Example.com:443/api/auth")?;
/// assert_eq!(url.origin(), "https://auth.example.com");
/// assert_eq!(url.hostname(), "auth.example.com");
/// assert!(url.is_https() && !url.is_loopback());
/// # Ok::<(), auth_core::ParseBaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    origin: String,
    is_https: bool,
}

/// Why an address was refused. The error contains nothing of the text, which may include a password.
///
/// ```
/// use auth_core::{BaseUrl, ParseBaseUrlError};
///
/// assert_eq!(BaseUrl::parse("auth.example.com"), Err(ParseBaseUrlError::Scheme));
/// let error = BaseUrl::parse("https://ann@auth.example.com").unwrap_err();
/// assert_eq!(error.to_string(), "base URL has no plain host name");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseBaseUrlError {
    /// It begins with neither `https://` nor `http://`.
    #[error("base URL begins with neither https:// nor http://")]
    Scheme,
    /// The host is empty, or has characters other than letters, digits, `-`, `.` and `_`. Hosts in other
    /// scripts must be written in Punycode. `user@` before the host is refused too.
    #[error("base URL has no plain host name")]
    Host,
    /// The port is not a number from 1 to 65,535.
    #[error("base URL has a malformed port")]
    Port,
}

impl BaseUrl {
    /// Parses an address; only scheme, host and port are used.
    ///
    /// # Errors
    ///
    /// [`ParseBaseUrlError`] names the invalid part.
    pub fn parse(text: &str) -> Result<Self, ParseBaseUrlError> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(ParseBaseUrlError::Scheme)?;
        let (is_https, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return Err(ParseBaseUrlError::Scheme),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // The text before the `@` is not needed and may be a password.
        if authority.contains('@') {
            return Err(ParseBaseUrlError::Host);
        }
        let parts = HostPort::split(authority);
        if !parts.has_plain_host() {
            return Err(ParseBaseUrlError::Host);
        }
        let HostPort { host, port } = parts;
        let port = match port {
            None | Some("") => default_port,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse::<u16>().ok().filter(|port| *port > 0).ok_or(ParseBaseUrlError::Port)?
            }
            Some(_) => return Err(ParseBaseUrlError::Port),
        };
        let mut origin =
            format!("{}://{}", if is_https { "https" } else { "http" }, host.to_ascii_lowercase());
        if port != default_port {
            origin.push_str(&format!(":{port}"));
        }
        Ok(Self { origin, is_https })
    }

    /// Returns scheme and host, and the port if it is not the scheme's default. This is the `iss` of tokens.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the host without its port. An IPv6 address is in brackets.
    pub fn hostname(&self) -> &str {
        self.host_port().host
    }

    /// Whether browsers connect by https. Cookie names then start with `__Secure-`.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the host is this machine, as in [`HostPort::is_loopback`].
    pub fn is_loopback(&self) -> bool {
        self.host_port().is_loopback()
    }

    fn host_port(&self) -> HostPort<'_> {
        let authority = self.origin.split_once("://").map_or("", |(_, authority)| authority);
        HostPort::split(authority)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_scheme_host_and_port_count() {
        let check = |text: &str, expected: Result<&str, ParseBaseUrlError>| {
            let parsed = BaseUrl::parse(text);
            assert_eq!(parsed.as_ref().map(BaseUrl::origin).map_err(|error| *error), expected, "{text}");
        };
        check("http://localhost:3000", Ok("http://localhost:3000"));
        check(" HTTPS://A.example/x?y#z ", Ok("https://a.example"));
        check("https://a.example:443", Ok("https://a.example"));
        check("http://a.example:443/", Ok("http://a.example:443"));
        check("http://a.example:", Ok("http://a.example"));
        check("http://[::1]:3000/x", Ok("http://[::1]:3000"));
        check("http://[::1]", Ok("http://[::1]"));
        check("", Err(ParseBaseUrlError::Scheme));
        check("a.example", Err(ParseBaseUrlError::Scheme));
        check("ftp://a.example", Err(ParseBaseUrlError::Scheme));
        check("https://", Err(ParseBaseUrlError::Host));
        check("https://a..example", Err(ParseBaseUrlError::Host));
        check("https://user:password@a.example", Err(ParseBaseUrlError::Host));
        check("https://bücher.example", Err(ParseBaseUrlError::Host));
        check("https://[::x]", Err(ParseBaseUrlError::Host));
        check("https://a.example:0", Err(ParseBaseUrlError::Port));
        check("https://a.example:65536", Err(ParseBaseUrlError::Port));
        check("https://a.example:+1", Err(ParseBaseUrlError::Port));
    }

    #[test]
    fn the_host_is_told_without_its_port() {
        let check = |text: &str, hostname: &str, is_loopback: bool| {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!((url.hostname(), url.is_loopback()), (hostname, is_loopback), "{text}");
        };
        check("https://A.example:8443/x", "a.example", false);
        check("https://a.example", "a.example", false);
        check("http://app.localhost:3000", "app.localhost", true);
        check("http://127.0.0.2:80", "127.0.0.2", true);
        check("http://[::1]:3000", "[::1]", true);
        check("http://[::2]", "[::2]", false);
    }
}
