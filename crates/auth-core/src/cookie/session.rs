//! The cookies that carry a session: how to write and read their contents.

use std::collections::BTreeMap;

use super::request::RequestCookies;
use super::set_cookie::{CookieAttributes, MaxAge, SetCookie, set_cookie_text};
use super::settings::{Cookie, CookieSettings, CookieSettingsError};
use crate::cookie_cache::CachedValue;
use crate::session_token::SessionToken;
use crate::signed_value::{self, UnsignableToken};
use crate::signing_secret::SigningSecret;

/// Writes and reads the cookies of a session (Better Auth core §7.1 to §7.3).
///
/// ```
/// use auth_core::{CookieSettings, RequestCookies, SessionCookies, SessionToken, SigningSecret};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let cookies = SessionCookies::new(CookieSettings::default())?;
/// let token = SessionToken::generate(&mut rand::rng());
/// let cookie = cookies.session_token(&token, None, &secret)?;
/// let line = cookie.as_str();
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
    session_token: Cookie,
    session_data: Cookie,
    dont_remember: Cookie,
    session_data_limit: usize,
}

/// The session cookie of a request.
///
/// ```
/// use auth_core::{CookieSettings, RequestCookies, SessionCookies, SessionTokenCookie, SigningSecret};
///
/// let secret = SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let cookies = SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() })?;
/// let read = |line: &str| cookies.read_session_cookie(&RequestCookies::parse([line.as_bytes()]), &secret);
/// assert!(matches!(read("theme=dark"), SessionTokenCookie::Absent));
/// assert!(matches!(read("better-auth.session_token=forged"), SessionTokenCookie::Invalid));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub enum SessionTokenCookie {
    /// The request has no cookie of that name.
    Absent,
    /// The signature of the cookie is missing, malformed or wrong, or the signed value is not a session
    /// token.
    Invalid,
    /// A session token with a valid signature.
    Token(SessionToken),
}

/// Longest `Set-Cookie` line in bytes that all browsers keep, as Better Auth counts it.
const MAX_LINE: usize = 4_050;

/// Largest number of cookies that hold one cache.
const MAX_CHUNKS: usize = 100;

impl SessionCookies {
    /// Creates the names and attributes of the cookies.
    ///
    /// # Errors
    ///
    /// - [`CookieSettingsError::Prefix`], [`CookieSettingsError::Name`]: the prefix or a name is empty or has
    ///   characters that a cookie's name cannot have.
    /// - [`CookieSettingsError::SameName`]: two cookies have the same name.
    /// - [`CookieSettingsError::Domain`]: a domain is not a host name.
    /// - [`CookieSettingsError::Path`]: a path is not valid.
    pub fn new(settings: CookieSettings) -> Result<Self, CookieSettingsError> {
        let cookies = Self {
            session_token: settings.cookie("session_token", &settings.session_token)?,
            session_data: settings.cookie("session_data", &settings.session_data)?,
            dont_remember: settings.cookie("dont_remember", &settings.dont_remember)?,
            session_data_limit: usize::MAX,
        };
        let (token, mark) = (cookies.session_token_name(), cookies.dont_remember_name());
        let is_cache = |name| name == cookies.session_data_name() || cookies.chunk_number(name).is_some();
        if token == mark || is_cache(token) || is_cache(mark) {
            return Err(CookieSettingsError::SameName);
        }
        Ok(cookies)
    }

    /// Limits the bytes of a cookie cache in the headers of a request, including the names of its cookies. A
    /// larger cache is not written. A client sends the whole cache with each request. If the headers became
    /// too large, the server would refuse every request, including one whose answer would remove the cache.
    #[must_use]
    pub fn limit_session_data(mut self, bytes: usize) -> Self {
        self.session_data_limit = bytes;
        self
    }

    /// Returns the name of the cookie that holds the signed session token.
    pub fn session_token_name(&self) -> &str {
        &self.session_token.name
    }

    /// Returns the name of the cookie cache. Its chunks have `.0`, `.1` and so on after it.
    pub fn session_data_name(&self) -> &str {
        &self.session_data.name
    }

    /// Returns the `Max-Age` that the settings give the cookie cache; it is then also the lifetime of a
    /// value. `None` if the settings give none, so that the cache's own policy applies to both.
    pub fn session_data_max_age(&self) -> Option<MaxAge> {
        self.session_data.attributes.max_age
    }

    /// Returns the name of the cookie that marks a session as ending with the browser.
    pub fn dont_remember_name(&self) -> &str {
        &self.dont_remember.name
    }

    /// Returns the `Set-Cookie` line of the session token. Without `max_age`, the browser deletes the cookie
    /// when it closes.
    ///
    /// # Errors
    ///
    /// [`UnsignableToken`], as in [`signed_value::sign_session_token`].
    pub fn session_token(
        &self,
        token: &SessionToken,
        max_age: Option<MaxAge>,
        secret: &SigningSecret,
    ) -> Result<SetCookie, UnsignableToken> {
        let value = signed_value::sign_session_token(token, secret)?;
        Ok(self.session_token.set(value, max_age))
    }

    /// Returns the `Set-Cookie` line that marks a session as ending when the browser closes.
    pub fn dont_remember(&self, secret: &SigningSecret) -> SetCookie {
        let Cookie { attributes, .. } = &self.dont_remember;
        self.dont_remember.set(signed_value::sign_true(secret), attributes.max_age)
    }

    /// Returns the line that removes the mark of [`SessionCookies::dont_remember`].
    pub fn clear_dont_remember(&self) -> SetCookie {
        self.dont_remember.removal()
    }

    /// Returns the lines that remove a session from the browser: session token, cookie cache, every chunk of
    /// a cache that the request sent, and the `dont_remember` mark (Better Auth core §7.2). Each name occurs
    /// once.
    pub fn clear_session(&self, request: &RequestCookies) -> Vec<SetCookie> {
        let mut lines = vec![self.session_token.removal(), self.session_data.removal()];
        let chunks = self.session_data_names(request);
        lines.extend(
            chunks
                .into_iter()
                .filter(|name| *name != self.session_data.name)
                .map(|name| self.session_data.chunk_removal(name)),
        );
        lines.push(self.dont_remember.removal());
        lines
    }

    /// Returns the lines that remove the cookie cache that the request sent, whole or in chunks; empty if the
    /// request sent none. A server without a cookie cache thus removes values that another server wrote
    /// (Better Auth core §11.4 step 1).
    pub fn clear_session_data(&self, request: &RequestCookies) -> Vec<SetCookie> {
        if self.read_session_data(request).is_none() {
            return Vec::new();
        }
        let names = self.session_data_names(request);
        names.into_iter().map(|name| self.session_data.chunk_removal(name)).collect()
    }

    /// Returns the lines of a cookie cache: one cookie, or chunks `<name>.0`, `<name>.1` and so on if one
    /// cookie would be longer than browsers keep (Better Auth core §9). Each name occurs once. Cookies of the
    /// request's cache that are not overwritten are removed. The removals come before cookies that the
    /// request did not have. A cache that would need more than 100 cookies, or more bytes than
    /// [`SessionCookies::limit_session_data`] allows, is not written.
    pub fn session_data(&self, cached: &CachedValue, request: &RequestCookies) -> Vec<SetCookie> {
        let Cookie { name, .. } = &self.session_data;
        let attributes = CookieAttributes { max_age: cached.max_age, ..self.session_data.attributes.clone() };
        let overhead = set_cookie_text(&format!("{name}.99"), "", &attributes).len();
        let limit = MAX_LINE.saturating_sub(overhead);
        let value = cached.value.as_str();
        let chunks = if limit == 0 { usize::MAX } else { value.len().div_ceil(limit).max(1) };
        // Each part is sent with `<name>.99=` before it and `; ` after it.
        let sent = chunks.saturating_mul(name.len() + 6).saturating_add(value.len());
        let mut cookies: Vec<SetCookie> = self
            .session_data_names(request)
            .into_iter()
            .map(|name| self.session_data.chunk_removal(name))
            .collect();
        let mut write = |written: String, value: &str| {
            let cookie = SetCookie::new(written, value, &attributes).chunk_of(name);
            match cookies.iter_mut().find(|earlier| earlier.name() == cookie.name()) {
                Some(earlier) => *earlier = cookie,
                None => cookies.push(cookie),
            }
        };
        match chunks {
            _ if sent > self.session_data_limit => {}
            1 => write(name.clone(), value),
            2..=MAX_CHUNKS => {
                let (mut rest, mut number) = (value, 0);
                while !rest.is_empty() {
                    // Values are ASCII. The loop stops if a chunk boundary is inside a character.
                    let Some((chunk, after)) = rest.split_at_checked(limit.min(rest.len())) else { break };
                    write(format!("{name}.{number}"), chunk);
                    (rest, number) = (after, number + 1);
                }
            }
            _ => {}
        }
        cookies
    }

    /// Reads the value of a cookie cache: the cookie itself, or its chunks joined in the order of their
    /// numbers. `None` if the request has neither. The value is not verified;
    /// [`CookieCache::read`](crate::CookieCache::read) does that.
    pub fn read_session_data(&self, request: &RequestCookies) -> Option<String> {
        if let Some(value) = request.get(&self.session_data.name).filter(|value| !value.is_empty()) {
            return Some(value);
        }
        let chunks: BTreeMap<u8, String> =
            request.strict().filter_map(|(name, value)| Some((self.chunk_number(name)?, value))).collect();
        let value: String = chunks.into_values().collect();
        Some(value).filter(|value| !value.is_empty())
    }

    /// Reads the session token of a request; `None` if the cookie is missing or its signature is missing,
    /// malformed or wrong.
    pub fn read_session_token(
        &self,
        request: &RequestCookies,
        secret: &SigningSecret,
    ) -> Option<SessionToken> {
        signed_value::verify_session_token(&request.get(&self.session_token.name)?, secret)
    }

    /// Reads the session cookie of a request and distinguishes an invalid cookie from a missing one.
    pub fn read_session_cookie(
        &self,
        request: &RequestCookies,
        secret: &SigningSecret,
    ) -> SessionTokenCookie {
        match self.read_session_token(request, secret) {
            Some(token) => SessionTokenCookie::Token(token),
            None if self.has_session_token(request) => SessionTokenCookie::Invalid,
            None => SessionTokenCookie::Absent,
        }
    }

    /// Whether the request has a session cookie, valid or not.
    pub fn has_session_token(&self, request: &RequestCookies) -> bool {
        request.names().any(|name| name == self.session_token.name)
    }

    /// Whether the request has a `dont_remember` mark with a valid signature.
    pub fn read_dont_remember(&self, request: &RequestCookies, secret: &SigningSecret) -> bool {
        request.get(&self.dont_remember.name).is_some_and(|text| signed_value::verify_true(&text, secret))
    }

    /// Returns the names of the request's cookies that hold a cookie cache or its chunks, each once.
    fn session_data_names<'r>(&self, request: &'r RequestCookies) -> Vec<&'r str> {
        let mut names = Vec::new();
        for (name, _) in request.strict() {
            let is_cache = name == self.session_data.name || self.chunk_number(name).is_some();
            if is_cache && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Returns n of `<session_data>.<n>`, with n from 0 to 99 and without leading zeros. A cache never has
    /// more chunks, and the limit bounds the removal lines that a request can cause in the answer.
    fn chunk_number(&self, name: &str) -> Option<u8> {
        let number = name.strip_prefix(&self.session_data.name)?.strip_prefix('.')?;
        let is_canonical = match number.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [first, second] => matches!(first, b'1'..=b'9') && second.is_ascii_digit(),
            _ => false,
        };
        if is_canonical { number.parse().ok() } else { None }
    }
}

impl Cookie {
    fn set(&self, value: String, max_age: Option<MaxAge>) -> SetCookie {
        SetCookie::new(&self.name, value, &CookieAttributes { max_age, ..self.attributes.clone() })
    }

    fn removal(&self) -> SetCookie {
        SetCookie::removal(&self.name, &self.attributes)
    }

    /// Removes the cookie or a chunk of it, which is called `name`.
    fn chunk_removal(&self, name: &str) -> SetCookie {
        SetCookie::removal(name, &self.attributes).chunk_of(&self.name)
    }
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
            cookies.clear_dont_remember().as_str(),
            "__Secure-better-auth.dont_remember=; Max-Age=0; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax"
        );
        assert_eq!(
            plain().clear_dont_remember().as_str(),
            "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_cookie_cache_is_removed_where_one_came() {
        let check = |header: &str, expected: &[&str]| {
            let cookies = plain().clear_session_data(&RequestCookies::parse([header.as_bytes()]));
            let lines: Vec<&str> = cookies.iter().map(SetCookie::as_str).collect();
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
        let names: Vec<String> =
            plain().clear_session(&request).iter().map(|cookie| cookie.name().to_owned()).collect();
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
        let check = |change: &dyn Fn(&mut CookieSettings), expected| {
            let mut settings = CookieSettings::default();
            change(&mut settings);
            assert_eq!(SessionCookies::new(settings).err(), Some(expected));
        };
        check(&|s| s.prefix = String::new(), CookieSettingsError::Prefix);
        check(&|s| s.prefix = "a;b".to_owned(), CookieSettingsError::Prefix);
        check(&|s| s.prefix = "a\r\nX: y".to_owned(), CookieSettingsError::Prefix);
        check(&|s| s.domain = Some(String::new()), CookieSettingsError::Domain);
        check(&|s| s.domain = Some("a; Path=/x".to_owned()), CookieSettingsError::Domain);
        check(&|s| s.domain = Some("a..b".to_owned()), CookieSettingsError::Domain);
        check(&|s| s.attributes.path = Some(String::new()), CookieSettingsError::Path);
        check(&|s| s.attributes.path = Some("x".to_owned()), CookieSettingsError::Path);
        check(&|s| s.attributes.path = Some("/; Domain=x".to_owned()), CookieSettingsError::Path);
        check(&|s| s.session_data.name = Some(String::new()), CookieSettingsError::Name);
        check(&|s| s.session_data.name = Some("a=b".to_owned()), CookieSettingsError::Name);
        for twin in ["better-auth.session_token", "better-auth.session_data", "better-auth.session_data.7"] {
            check(&|s| s.dont_remember.name = Some(twin.to_owned()), CookieSettingsError::SameName);
        }
    }
}
