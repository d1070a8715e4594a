//! A deployment's cookie settings: names and attributes, in layers.

use super::request::is_token;
use super::set_cookie::{CookieAttributes, MaxAge, SameSite};
use crate::host_port::is_plain_name;

/// A deployment's cookie settings (Better Auth core §7.1).
///
/// ```
/// use auth_core::{CookieSettings, SessionCookies};
///
/// let settings = CookieSettings {
///     prefix: "acme".to_owned(),
///     domain: Some("example.com".to_owned()),
///     ..CookieSettings::default()
/// };
/// let cookies = SessionCookies::new(settings)?;
/// assert_eq!(cookies.session_token_name(), "__Secure-acme.session_token");
/// assert!(cookies.clear_dont_remember().as_str().contains("; Domain=example.com;"), "for every subdomain");
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieSettings {
    /// First part of every name (`advanced.cookiePrefix`).
    pub prefix: String,
    /// Whether cookies are for https only: sets `Secure` and puts `__Secure-` before every name
    /// (`advanced.useSecureCookies`).
    pub secure: bool,
    /// Host whose subdomains share the cookies, exactly as the `Domain` attribute contains it
    /// (`advanced.crossSubDomainCookies.domain`).
    pub domain: Option<String>,
    /// Attributes of every cookie; they override the built-in ones (`advanced.defaultCookieAttributes`).
    pub attributes: AttributeOverrides,
    /// The signed session token. Its `Max-Age` follows the session; a value here has no effect.
    pub session_token: CookieOverrides,
    /// The cookie cache. Its `Max-Age` is also the lifetime of a cached value, see
    /// [`SessionCookies::session_data_max_age`](super::SessionCookies::session_data_max_age).
    pub session_data: CookieOverrides,
    /// The mark of a session that ends when the browser closes.
    pub dont_remember: CookieOverrides,
}

impl Default for CookieSettings {
    /// Better Auth's defaults on https: prefix `better-auth`, secure, this host only, `SameSite=Lax`.
    fn default() -> Self {
        Self {
            prefix: "better-auth".to_owned(),
            secure: true,
            domain: None,
            attributes: AttributeOverrides::default(),
            session_token: CookieOverrides::default(),
            session_data: CookieOverrides::default(),
            dont_remember: CookieOverrides::default(),
        }
    }
}

/// Name and attributes of one cookie (`advanced.cookies.<key>`).
///
/// ```
/// use auth_core::{CookieOverrides, CookieSettings, SessionCookies};
///
/// let session_token = CookieOverrides { name: Some("sid".to_owned()), ..CookieOverrides::default() };
/// let cookies = SessionCookies::new(CookieSettings { session_token, ..CookieSettings::default() })?;
/// assert_eq!(cookies.session_token_name(), "__Secure-sid");
/// assert_eq!(cookies.session_data_name(), "__Secure-better-auth.session_data");
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieOverrides {
    /// Name in place of `<prefix>.<key>`. If cookies are secure, `__Secure-` still comes before it.
    pub name: Option<String>,
    /// Attributes that override all others.
    pub attributes: AttributeOverrides,
}

/// Attributes that override those of the layers below; `None` keeps the value of the layer below.
///
/// ```
/// use auth_core::{AttributeOverrides, CookieOverrides, CookieSettings, SameSite, SessionCookies};
///
/// let of_all = AttributeOverrides { path: Some("/app".to_owned()), ..Default::default() };
/// let of_mark = AttributeOverrides { same_site: Some(SameSite::Strict), ..Default::default() };
/// let cookies = SessionCookies::new(CookieSettings {
///     attributes: of_all,
///     dont_remember: CookieOverrides { attributes: of_mark, ..Default::default() },
///     ..CookieSettings::default()
/// })?;
/// assert!(cookies.clear_dont_remember().as_str().ends_with("; Path=/app; HttpOnly; Secure; SameSite=Strict"));
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeOverrides {
    /// `Max-Age`.
    pub max_age: Option<MaxAge>,
    /// `Domain`.
    pub domain: Option<String>,
    /// `Path`.
    pub path: Option<String>,
    /// `HttpOnly`.
    pub http_only: Option<bool>,
    /// `Secure`. It is always set for a name that begins with `__Secure-` or `__Host-`, for `SameSite=None`
    /// and for `Partitioned`; a value here cannot remove it.
    pub secure: Option<bool>,
    /// `SameSite`.
    pub same_site: Option<SameSite>,
    /// `Partitioned`.
    pub partitioned: Option<bool>,
}

/// Why cookie settings were refused.
///
/// ```
/// use auth_core::{CookieSettings, CookieSettingsError, SessionCookies};
///
/// let settings = CookieSettings { prefix: "my app".to_owned(), ..CookieSettings::default() };
/// let error = SessionCookies::new(settings).unwrap_err();
/// assert_eq!(error, CookieSettingsError::Prefix);
/// assert_eq!(error.to_string(), "cookie prefix is not a token of RFC 9110");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CookieSettingsError {
    /// The prefix is empty or has characters that a cookie name cannot have (RFC 6265 §4.1.1).
    #[error("cookie prefix is not a token of RFC 9110")]
    Prefix,
    /// A cookie's name is empty or has characters that a cookie name cannot have.
    #[error("cookie name is not a token of RFC 9110")]
    Name,
    /// Two cookies have the same name, or one has the name of a chunk of the cookie cache.
    #[error("two cookies have the same name")]
    SameName,
    /// A domain is empty or is not a host name.
    #[error("cookie domain is not a host name")]
    Domain,
    /// A path does not begin with a slash or has characters that end an attribute.
    #[error("cookie path does not begin with `/` or has `;` or control characters")]
    Path,
}

/// One cookie's name and attributes, with all layers merged.
#[derive(Clone, Debug)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) attributes: CookieAttributes,
}

impl CookieSettings {
    /// Merges the layers of one cookie; later layers override earlier ones (1.7.25, `createCookieGetter`,
    /// then better-call's `resolveCookie`).
    pub(super) fn cookie(&self, key: &str, own: &CookieOverrides) -> Result<Cookie, CookieSettingsError> {
        if !is_token(&self.prefix) {
            return Err(CookieSettingsError::Prefix);
        }
        let name = own.name.clone().unwrap_or_else(|| format!("{}.{key}", self.prefix));
        if !is_token(&name) {
            return Err(CookieSettingsError::Name);
        }
        let name = format!("{}{name}", if self.secure { "__Secure-" } else { "" });
        let mut attributes = CookieAttributes {
            domain: self.domain.clone(),
            secure: self.secure,
            ..CookieAttributes::default()
        };
        self.attributes.apply(&mut attributes);
        // A `Max-Age` for all cookies does not apply to the cookie cache and the session token: the lifetime
        // of the cache has a setting of its own, and that of the token follows the session.
        if key != "dont_remember" {
            attributes.max_age = None;
        }
        own.attributes.apply(&mut attributes);
        if attributes.domain.as_deref().is_some_and(|domain| !is_host_name(domain)) {
            return Err(CookieSettingsError::Domain);
        }
        let breaks_out = |c: char| c == ';' || !matches!(c, ' '..='~');
        if !attributes.path.starts_with('/') || attributes.path.contains(breaks_out) {
            return Err(CookieSettingsError::Path);
        }
        let has_prefix =
            |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        if has_prefix("__Host-") {
            attributes.path = "/".to_owned();
            attributes.domain = None;
        }
        if has_prefix("__Host-")
            || has_prefix("__Secure-")
            || attributes.partitioned
            || attributes.same_site == Some(SameSite::None)
        {
            attributes.secure = true;
        }
        Ok(Cookie { name, attributes })
    }
}

impl AttributeOverrides {
    fn apply(&self, to: &mut CookieAttributes) {
        let Self { max_age, domain, path, http_only, secure, same_site, partitioned } = self;
        to.max_age = max_age.or(to.max_age);
        to.domain = domain.clone().or_else(|| to.domain.take());
        if let Some(path) = path {
            to.path.clone_from(path);
        }
        to.http_only = http_only.unwrap_or(to.http_only);
        to.secure = secure.unwrap_or(to.secure);
        to.same_site = same_site.or(to.same_site);
        to.partitioned = partitioned.unwrap_or(to.partitioned);
    }
}

fn is_host_name(domain: &str) -> bool {
    is_plain_name(domain.strip_prefix('.').unwrap_or(domain))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use time::Duration;

    use super::super::SessionCookies;
    use super::super::set_cookie::set_cookie_text;
    use super::*;

    fn check(change: impl FnOnce(&mut CookieSettings), expected: &str) {
        let mut settings = CookieSettings { secure: false, ..CookieSettings::default() };
        change(&mut settings);
        let cookie = settings.cookie("session_data", &settings.session_data).unwrap();
        assert_eq!(set_cookie_text(&cookie.name, "v", &cookie.attributes), expected);
    }

    fn attributes(change: impl FnOnce(&mut AttributeOverrides)) -> AttributeOverrides {
        let mut overrides = AttributeOverrides::default();
        change(&mut overrides);
        overrides
    }

    #[test]
    fn r_019_a_domain_is_a_name_of_a_host() {
        let domain = |domain: &str| {
            let settings = CookieSettings { domain: Some(domain.to_owned()), ..CookieSettings::default() };
            SessionCookies::new(settings).map(drop)
        };
        for name in ["example.com", ".example.com", "auth_service", "x_y.p.example.com"] {
            assert_eq!(domain(name), Ok(()), "{name}");
        }
        for name in ["", ".", "a..b", "a b", "a;b", "[::1]", "b\u{fc}cher.example"] {
            assert_eq!(domain(name), Err(CookieSettingsError::Domain), "{name}");
        }
    }

    #[test]
    fn r_019_later_layers_win() {
        check(|_| {}, "better-auth.session_data=v; Path=/; HttpOnly; SameSite=Lax");
        let default = || attributes(|a| (a.path, a.domain) = (Some("/all".into()), Some("b.example".into())));
        check(
            |s| (s.domain, s.attributes) = (Some("a.example".into()), default()),
            "better-auth.session_data=v; Domain=b.example; Path=/all; HttpOnly; SameSite=Lax",
        );
        check(
            |s| {
                s.attributes = default();
                s.session_data.attributes = attributes(|a| {
                    a.path = Some("/own".into());
                    a.max_age = MaxAge::new(Duration::seconds(60));
                    a.http_only = Some(false);
                    a.same_site = Some(SameSite::Strict);
                });
            },
            "better-auth.session_data=v; Max-Age=60; Domain=b.example; Path=/own; SameSite=Strict",
        );
    }

    #[test]
    fn a_life_for_all_cookies_is_none_for_those_with_their_own() {
        let life = || attributes(|a| a.max_age = MaxAge::new(Duration::seconds(60)));
        check(|s| s.attributes = life(), "better-auth.session_data=v; Path=/; HttpOnly; SameSite=Lax");
        let settings = CookieSettings { attributes: life(), ..CookieSettings::default() };
        let mark = settings.cookie("dont_remember", &settings.dont_remember).unwrap();
        assert_eq!(mark.attributes.max_age, MaxAge::new(Duration::seconds(60)));
    }

    #[test]
    fn r_019_what_needs_secure_has_it() {
        let same_site_none = || attributes(|a| (a.same_site, a.secure) = (Some(SameSite::None), Some(false)));
        check(
            |s| s.attributes = same_site_none(),
            "better-auth.session_data=v; Path=/; HttpOnly; Secure; SameSite=None",
        );
        check(
            |s| s.attributes = attributes(|a| a.partitioned = Some(true)),
            "better-auth.session_data=v; Path=/; HttpOnly; Secure; SameSite=Lax; Partitioned",
        );
        check(
            |s| (s.secure, s.attributes) = (true, attributes(|a| a.secure = Some(false))),
            "__Secure-better-auth.session_data=v; Path=/; HttpOnly; Secure; SameSite=Lax",
        );
        check(
            |s| s.attributes = attributes(|a| a.secure = Some(true)),
            "better-auth.session_data=v; Path=/; HttpOnly; Secure; SameSite=Lax",
        );
    }

    #[test]
    fn r_019_names_are_taken_whole_and_host_names_keep_their_promise() {
        check(|s| s.session_data.name = Some("cache".into()), "cache=v; Path=/; HttpOnly; SameSite=Lax");
        check(
            |s| (s.secure, s.session_data.name) = (true, Some("cache".into())),
            "__Secure-cache=v; Path=/; HttpOnly; Secure; SameSite=Lax",
        );
        check(
            |s| {
                s.domain = Some("example.com".into());
                s.attributes.path = Some("/x".into());
                s.session_data.name = Some("__host-cache".into());
            },
            "__host-cache=v; Path=/; HttpOnly; Secure; SameSite=Lax",
        );
    }
}
