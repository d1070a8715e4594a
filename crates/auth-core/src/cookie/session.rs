//! The cookies that carry a session: their names, contents and attributes.

use super::request::RequestCookies;
use super::set_cookie::{CookieAttributes, MaxAge, SameSite, set_cookie_text};
use crate::session_token::SessionToken;
use crate::signed_value::{self, UnsignableToken};
use crate::signing_secret::SigningSecret;

/// What a deployment decides about its cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieSettings {
    /// First part of every name (`advanced.cookiePrefix`).
    pub prefix: String,
    /// Whether cookies are for https alone: sets `Secure` and puts `__Secure-` before every name.
    pub secure: bool,
    /// Host whose subdomains share the cookies, as it is to be written.
    pub domain: Option<String>,
    /// When browsers send the cookies across sites.
    pub same_site: SameSite,
}

impl Default for CookieSettings {
    /// The reference's defaults on https: prefix `better-auth`, secure, this host only, `SameSite=Lax`.
    fn default() -> Self {
        Self { prefix: "better-auth".to_owned(), secure: true, domain: None, same_site: SameSite::Lax }
    }
}

/// Why cookie settings were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieSettingsError {
    /// The prefix is empty or has characters that a cookie name cannot have (RFC 6265 §4.1.1).
    #[error("cookie prefix is not a token of RFC 9110")]
    Prefix,
    /// The domain is empty or is no host name.
    #[error("cookie domain is not a host name")]
    Domain,
    /// Browsers drop a `SameSite=None` cookie without `Secure` (RFC 6265bis §5.7).
    #[error("cookies with SameSite=None must be secure")]
    SameSiteNone,
}

/// Writes and reads the cookies of a session (Better Auth core §7.1 to §7.3).
///
/// ```
/// use auth_core::{CookieSettings, RequestCookies, SessionCookies, SessionToken, SigningSecret};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let cookies = SessionCookies::new(CookieSettings::default())?;
/// let token = SessionToken::generate(&mut rand::rng());
/// let line = cookies.session_token(&token, None, &secret)?;
/// assert!(line.starts_with("__Secure-better-auth.session_token="));
/// assert!(line.ends_with("; Path=/; HttpOnly; Secure; SameSite=Lax"));
///
/// let request = RequestCookies::parse([line.as_bytes()]);
/// let read = cookies.read_session_token(&request, &secret).expect("signed by us");
/// assert!(read.constant_time_eq(&token));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionCookies {
    session_token_name: String,
    session_data_name: String,
    dont_remember_name: String,
    attributes: CookieAttributes,
}

impl SessionCookies {
    /// Builds the names and attributes once.
    ///
    /// # Errors
    ///
    /// - [`CookieSettingsError::Prefix`]: the prefix cannot stand in a cookie's name.
    /// - [`CookieSettingsError::Domain`]: the domain is no host name.
    /// - [`CookieSettingsError::SameSiteNone`]: `SameSite=None` without `secure`.
    pub fn new(settings: CookieSettings) -> Result<Self, CookieSettingsError> {
        let CookieSettings { prefix, secure, domain, same_site } = settings;
        if prefix.is_empty() || !prefix.bytes().all(is_token_byte) {
            return Err(CookieSettingsError::Prefix);
        }
        if domain.as_deref().is_some_and(|domain| !is_host_name(domain)) {
            return Err(CookieSettingsError::Domain);
        }
        if same_site == SameSite::None && !secure {
            return Err(CookieSettingsError::SameSiteNone);
        }
        let name = |key: &str| format!("{}{prefix}.{key}", if secure { "__Secure-" } else { "" });
        Ok(Self {
            session_token_name: name("session_token"),
            session_data_name: name("session_data"),
            dont_remember_name: name("dont_remember"),
            attributes: CookieAttributes {
                domain,
                secure,
                same_site: Some(same_site),
                ..CookieAttributes::default()
            },
        })
    }

    /// Gives the name of the cookie with the signed session token.
    pub fn session_token_name(&self) -> &str {
        &self.session_token_name
    }

    /// Gives the name of the cookie cache; its chunks have `.0`, `.1` and so on after it.
    pub fn session_data_name(&self) -> &str {
        &self.session_data_name
    }

    /// Gives the name of the cookie that says the session ends with the browser.
    pub fn dont_remember_name(&self) -> &str {
        &self.dont_remember_name
    }

    /// Gives the attributes that all these cookies share, without `Max-Age`.
    pub fn attributes(&self) -> &CookieAttributes {
        &self.attributes
    }

    /// Writes the `Set-Cookie` line of the session token; without `max_age` it goes when the browser closes.
    ///
    /// # Errors
    ///
    /// [`UnsignableToken`] as [`signed_value::sign_session_token`] says.
    pub fn session_token(
        &self,
        token: &SessionToken,
        max_age: Option<MaxAge>,
        secret: &SigningSecret,
    ) -> Result<String, UnsignableToken> {
        let value = signed_value::sign_session_token(token, secret)?;
        Ok(self.line(&self.session_token_name, &value, max_age))
    }

    /// Writes the `Set-Cookie` line that marks a session as one that ends with the browser.
    pub fn dont_remember(&self, secret: &SigningSecret) -> String {
        self.line(&self.dont_remember_name, &signed_value::sign_true(secret), None)
    }

    /// Writes the line that removes the mark of [`SessionCookies::dont_remember`].
    pub fn clear_dont_remember(&self) -> String {
        self.line(&self.dont_remember_name, "", Some(MaxAge::REMOVE))
    }

    /// Writes the lines that end a session in the browser: session token, cookie cache, every chunk of a
    /// cache that the request brought, and the `dont_remember` mark (Better Auth core §7.2); each name once.
    pub fn clear_session(&self, request: &RequestCookies) -> Vec<String> {
        let mut names = vec![self.session_token_name.as_str(), self.session_data_name.as_str()];
        for name in request.names().filter(|name| self.is_session_data_chunk(name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.push(&self.dont_remember_name);
        names.into_iter().map(|name| self.line(name, "", Some(MaxAge::REMOVE))).collect()
    }

    /// Writes the lines that remove a cookie cache that the request brought, whole or in chunks; none where
    /// it brought none. A server without a cookie cache takes away what one with it left behind (Better
    /// Auth core §11.4 step 1).
    pub fn clear_session_data(&self, request: &RequestCookies) -> Vec<String> {
        let is_cache = |name: &&str| *name == self.session_data_name || self.is_session_data_chunk(name);
        let has_content = |name: &str| request.get(name).is_some_and(|value| !value.is_empty());
        if !request.names().filter(is_cache).any(has_content) {
            return Vec::new();
        }
        request.names().filter(is_cache).map(|name| self.line(name, "", Some(MaxAge::REMOVE))).collect()
    }

    /// Reads the session token of a request; `None` without cookie, or when its signature is missing,
    /// malformed or wrong.
    pub fn read_session_token(
        &self,
        request: &RequestCookies,
        secret: &SigningSecret,
    ) -> Option<SessionToken> {
        signed_value::verify_session_token(&request.get(&self.session_token_name)?, secret)
    }

    /// Tells whether the request brings a session cookie at all, good or not.
    pub fn has_session_token(&self, request: &RequestCookies) -> bool {
        request.names().any(|name| name == self.session_token_name)
    }

    /// Tells whether the request carries a validly signed `dont_remember` mark.
    pub fn read_dont_remember(&self, request: &RequestCookies, secret: &SigningSecret) -> bool {
        request.get(&self.dont_remember_name).is_some_and(|text| signed_value::verify_true(&text, secret))
    }

    /// Tells whether this is `session_data.<n>` with n from 0 to 99 as a writer puts it: a cache of more
    /// chunks is never written, and a request cannot make the answer grow beyond these.
    fn is_session_data_chunk(&self, name: &str) -> bool {
        let number = name.strip_prefix(&self.session_data_name).and_then(|rest| rest.strip_prefix('.'));
        number.is_some_and(|number| match number.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [first, second] => matches!(first, b'1'..=b'9') && second.is_ascii_digit(),
            _ => false,
        })
    }

    fn line(&self, name: &str, value: &str, max_age: Option<MaxAge>) -> String {
        set_cookie_text(name, value, &CookieAttributes { max_age, ..self.attributes.clone() })
    }
}

/// Token characters of RFC 9110 §5.6.2, of which cookie names are made.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_host_name(domain: &str) -> bool {
    let host = domain.strip_prefix('.').unwrap_or(domain);
    !host.is_empty()
        && host.split('.').all(|label| !label.is_empty())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn secret() -> SigningSecret {
        SigningSecret::parse("test-secret-0123456789-abcdefghijklmnopqrstuvwxyz").unwrap()
    }

    fn plain() -> SessionCookies {
        SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() }).unwrap()
    }

    #[test]
    fn r_019_https_gives_the_prefix_and_secure_together() {
        let cookies = SessionCookies::new(CookieSettings {
            domain: Some("example.com".to_owned()),
            ..CookieSettings::default()
        })
        .unwrap();
        assert_eq!(
            cookies.clear_dont_remember(),
            "__Secure-better-auth.dont_remember=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            plain().clear_dont_remember(),
            "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_cache_is_removed_where_one_came() {
        let check = |header: &str, expected: &[&str]| {
            let lines = plain().clear_session_data(&RequestCookies::parse([header.as_bytes()]));
            let expected: Vec<String> = expected
                .iter()
                .map(|name| format!("better-auth.{name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"))
                .collect();
            assert_eq!(lines, expected, "{header}");
        };
        check("", &[]);
        check("better-auth.session_token=x; session_data=x", &[]);
        check("better-auth.session_data=", &[]);
        check("better-auth.session_data=x", &["session_data"]);
        check(
            "better-auth.session_data.0=a; better-auth.session_data.1=b; better-auth.session_data.07=c",
            &["session_data.0", "session_data.1"],
        );
    }

    #[test]
    fn clearing_names_every_cookie_of_the_session_and_no_other() {
        let request = RequestCookies::parse([
            &b"better-auth.session_data.10=x; better-auth.session_data.0=x; better-auth.session_data.10=y"[..],
            b"better-auth.session_data=x; better-auth.session_data.a=x; better-auth.session_data.=x; other=1",
            b"better-auth.session_data.07=x; better-auth.session_data.100=x; better-auth.session_data.1.1=x",
        ]);
        let names: Vec<String> = plain()
            .clear_session(&request)
            .iter()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        assert_eq!(
            names,
            [
                "better-auth.session_token",
                "better-auth.session_data",
                "better-auth.session_data.10",
                "better-auth.session_data.0",
                "better-auth.dont_remember"
            ]
        );
    }

    #[test]
    fn r_002_cookies_with_swapped_names_are_refused() {
        let signed_true = signed_value::sign_true(&secret());
        let signed_token = signed_value::sign("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3", &secret());
        let header =
            format!("better-auth.session_token={signed_true}; better-auth.dont_remember={signed_token}");
        let request = RequestCookies::parse([header.as_bytes()]);
        assert!(plain().read_session_token(&request, &secret()).is_none());
        assert!(!plain().read_dont_remember(&request, &secret()));
        assert!(plain().has_session_token(&request));
    }

    #[test]
    fn settings_that_would_break_the_header_are_refused() {
        let check = |change: fn(&mut CookieSettings), expected| {
            let mut settings = CookieSettings::default();
            change(&mut settings);
            assert_eq!(SessionCookies::new(settings).err(), Some(expected));
        };
        check(|s| s.prefix = String::new(), CookieSettingsError::Prefix);
        check(|s| s.prefix = "a;b".to_owned(), CookieSettingsError::Prefix);
        check(|s| s.prefix = "a\r\nX: y".to_owned(), CookieSettingsError::Prefix);
        check(|s| s.domain = Some(String::new()), CookieSettingsError::Domain);
        check(|s| s.domain = Some("a; Path=/x".to_owned()), CookieSettingsError::Domain);
        check(|s| s.domain = Some("a..b".to_owned()), CookieSettingsError::Domain);
        check(
            |s| {
                s.same_site = SameSite::None;
                s.secure = false;
            },
            CookieSettingsError::SameSiteNone,
        );
    }
}
