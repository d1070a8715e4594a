//! The text of a `Set-Cookie` line.

use std::fmt;

use time::Duration;

use super::percent::encode_uri_component;

/// When browsers send a cookie with requests that other sites started (RFC 6265bis §5.6.7).
///
/// Pages that are embedded in other sites need `None`, which also sets `Secure`:
///
/// ```
/// use auth_core::{AttributeOverrides, CookieSettings, SameSite, SessionCookies};
///
/// let attributes = AttributeOverrides { same_site: Some(SameSite::None), ..Default::default() };
/// let settings = CookieSettings { secure: false, attributes, ..CookieSettings::default() };
/// let removal = SessionCookies::new(settings)?.clear_dont_remember();
/// assert!(removal.as_str().ends_with("; HttpOnly; Secure; SameSite=None"));
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// On top-level navigation only.
    #[default]
    Lax,
    /// Never.
    Strict,
    /// Always; browsers require `Secure` with it.
    None,
}

impl fmt::Display for SameSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        })
    }
}

/// A `Max-Age` in whole seconds, from 0 to 400 days. The type allows no longer lifetime, because browsers cut
/// longer ones off (RFC 6265bis §5.5) and Better Auth fails on them.
///
/// ```
/// use auth_core::MaxAge;
/// use time::Duration;
///
/// let week = MaxAge::new(Duration::days(7)).expect("within 400 days");
/// assert_eq!(week.span().whole_seconds(), 604_800);
/// assert_eq!(MaxAge::new(Duration::days(401)), None);
/// assert_eq!(MaxAge::new(Duration::ZERO), Some(MaxAge::REMOVE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxAge(u32);

impl MaxAge {
    /// Makes the browser delete the cookie.
    pub const REMOVE: Self = Self(0);

    /// The longest lifetime, 400 days (RFC 6265bis §5.5).
    pub const LONGEST: Self = Self(400 * 24 * 60 * 60);

    /// Creates a `Max-Age` from a span of 0 to 400 days, truncated to whole seconds; `None` for any other
    /// span.
    pub fn new(span: Duration) -> Option<Self> {
        let seconds = u32::try_from(span.whole_seconds()).ok()?;
        let fits = !span.is_negative() && span <= Duration::seconds(i64::from(Self::LONGEST.0));
        fits.then_some(Self(seconds))
    }

    /// Returns the lifetime as a span of whole seconds.
    pub fn span(self) -> Duration {
        Duration::seconds(i64::from(self.0))
    }
}

/// The attributes of a cookie: everything except its name and value.
///
/// ```
/// use auth_core::{CookieAttributes, MaxAge};
/// use time::Duration;
///
/// let attributes = CookieAttributes {
///     max_age: MaxAge::new(Duration::minutes(5)),
///     secure: true,
///     ..CookieAttributes::default()
/// };
/// assert_eq!(attributes.to_string(), "; Max-Age=300; Path=/; HttpOnly; Secure; SameSite=Lax");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieAttributes {
    /// Lifetime in seconds; without it the browser deletes the cookie when it closes.
    pub max_age: Option<MaxAge>,
    /// Host whose subdomains also get the cookie.
    pub domain: Option<String>,
    /// Path prefix.
    pub path: String,
    /// Whether the cookie is hidden from scripts.
    pub http_only: bool,
    /// Whether the cookie is sent over https only.
    pub secure: bool,
    /// Whether browsers send the cookie across sites.
    pub same_site: Option<SameSite>,
    /// Stored separately for each top-level site; browsers require `Secure` with it.
    pub partitioned: bool,
}

impl Default for CookieAttributes {
    /// Better Auth's defaults: `Path=/; HttpOnly; SameSite=Lax`.
    fn default() -> Self {
        Self {
            max_age: None,
            domain: None,
            path: "/".to_owned(),
            http_only: true,
            secure: false,
            same_site: Some(SameSite::Lax),
            partitioned: false,
        }
    }
}

impl fmt::Display for CookieAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(MaxAge(seconds)) = self.max_age {
            write!(f, "; Max-Age={seconds}")?;
        }
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
        write!(f, "; Path={}", self.path)?;
        if self.http_only {
            f.write_str("; HttpOnly")?;
        }
        if self.secure {
            f.write_str("; Secure")?;
        }
        if let Some(same_site) = self.same_site {
            write!(f, "; SameSite={same_site}")?;
        }
        if self.partitioned {
            f.write_str("; Partitioned")?;
        }
        Ok(())
    }
}

/// Formats a `Set-Cookie` value with the attributes in Better Auth's order (Better Auth core §7.1). The
/// cookie's value is percent-encoded. The name and the attributes are used unchanged.
///
/// ```
/// use auth_core::{CookieAttributes, set_cookie_text};
///
/// let attributes = CookieAttributes { http_only: false, same_site: None, ..CookieAttributes::default() };
/// assert_eq!(set_cookie_text("theme", "dark blue", &attributes), "theme=dark%20blue; Path=/");
/// ```
pub fn set_cookie_text(name: &str, value: &str, attributes: &CookieAttributes) -> String {
    format!("{name}={}{attributes}", encode_uri_component(value))
}

/// A `Set-Cookie` line, with the parts that decide which other line it replaces.
///
/// ```
/// use auth_core::{CookieSettings, SessionCookies};
///
/// let cookies = SessionCookies::new(CookieSettings { secure: false, ..CookieSettings::default() })?;
/// let removal = cookies.clear_dont_remember();
/// assert_eq!(removal.name(), "better-auth.dont_remember");
/// assert_eq!(removal.value(), None);
/// assert_eq!(removal.as_str(), "better-auth.dont_remember=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax");
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SetCookie {
    name: String,
    chunk: Option<usize>,
    value: Option<String>,
    line: String,
}

impl SetCookie {
    /// Sets a cookie to a value. The value is percent-encoded in the line.
    pub fn new(name: impl Into<String>, value: impl Into<String>, attributes: &CookieAttributes) -> Self {
        let (name, value) = (name.into(), value.into());
        let line = set_cookie_text(&name, &value, attributes);
        Self { name, chunk: None, value: Some(value), line }
    }

    /// Removes a cookie from the browser.
    pub fn removal(name: impl Into<String>, attributes: &CookieAttributes) -> Self {
        let name = name.into();
        let attributes = CookieAttributes { max_age: Some(MaxAge::REMOVE), ..attributes.clone() };
        let line = set_cookie_text(&name, "", &attributes);
        Self { name, chunk: None, value: None, line }
    }

    /// Marks the cookie as a chunk of the cookie called `family`.
    pub(super) fn chunk_of(mut self, family: &str) -> Self {
        self.chunk = self.name.starts_with(family).then_some(family.len());
        self
    }

    /// The name of the cookie.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name without the number of a chunk. Chunks of one cookie are written and removed together.
    pub fn family(&self) -> &str {
        self.chunk.and_then(|length| self.name.get(..length)).unwrap_or(&self.name)
    }

    /// The value before percent-encoding; `None` if the line removes the cookie.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// The value of the `Set-Cookie` header.
    pub fn as_str(&self) -> &str {
        &self.line
    }
}

/// Values may contain session tokens, so `Debug` shows only the name.
impl fmt::Debug for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SetCookie").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_of_the_family_of_their_cookie() {
        let attributes = CookieAttributes::default();
        let chunk = SetCookie::new("a.data.12", "x", &attributes).chunk_of("a.data");
        assert_eq!((chunk.name(), chunk.family()), ("a.data.12", "a.data"));
        assert_eq!(SetCookie::removal("a.data.1", &attributes).chunk_of("a.data").family(), "a.data");
        assert_eq!(SetCookie::new("a.data12", "x", &attributes).family(), "a.data12");
    }

    #[test]
    fn r_116_debug_shows_the_name_and_no_value() {
        let cookie = SetCookie::new("a", "hunter2", &CookieAttributes::default());
        assert_eq!(format!("{cookie:?}"), r#"SetCookie("a")"#);
    }

    #[test]
    fn r_021_a_max_age_over_400_days_cannot_be_said() {
        assert_eq!(MaxAge::new(Duration::days(400)), Some(MaxAge::LONGEST));
        assert_eq!(MaxAge::new(Duration::days(400) + Duration::nanoseconds(1)), None);
        assert_eq!(MaxAge::new(Duration::MAX), None);
        assert_eq!(MaxAge::new(Duration::ZERO), Some(MaxAge::REMOVE));
        assert_eq!(MaxAge::new(Duration::nanoseconds(-1)), None);
        assert_eq!(MaxAge::new(Duration::milliseconds(1_900)), Some(MaxAge(1)));
    }
}
