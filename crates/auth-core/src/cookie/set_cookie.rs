//! The text of a `Set-Cookie` line.

use std::fmt;

use time::Duration;

use super::percent::encode_uri_component;

/// When browsers send a cookie on requests that other sites started (RFC 6265bis §5.6.7).
///
/// For pages that other sites embed; `Secure` comes with it:
///
/// ```
/// use auth_core::{AttributeOverrides, CookieSettings, SameSite, SessionCookies};
///
/// let attributes = AttributeOverrides { same_site: Some(SameSite::None), ..Default::default() };
/// let settings = CookieSettings { secure: false, attributes, ..CookieSettings::default() };
/// let line = SessionCookies::new(settings)?.clear_dont_remember();
/// assert!(line.ends_with("; HttpOnly; Secure; SameSite=None"));
/// # Ok::<(), auth_core::CookieSettingsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// On top-level navigation only.
    #[default]
    Lax,
    /// Never.
    Strict,
    /// Always; browsers ask for `Secure` with it.
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

/// A `Max-Age` in whole seconds, from 0 to 400 days: browsers cut off longer lives (RFC 6265bis §5.5) and
/// the reference fails on them, so a longer one cannot be said.
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
    /// Removes the cookie.
    pub const REMOVE: Self = Self(0);

    /// The longest life, 400 days (RFC 6265bis §5.5).
    pub const LONGEST: Self = Self(400 * 24 * 60 * 60);

    /// Takes a span of 0 to 400 days, cut down to whole seconds; `None` for any other.
    pub fn new(span: Duration) -> Option<Self> {
        let seconds = u32::try_from(span.whole_seconds()).ok()?;
        let fits = !span.is_negative() && span <= Duration::seconds(i64::from(Self::LONGEST.0));
        fits.then_some(Self(seconds))
    }

    /// Gives the life as a span of whole seconds.
    pub fn span(self) -> Duration {
        Duration::seconds(i64::from(self.0))
    }
}

/// Everything about a cookie but its name and value.
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
    /// Life in seconds; without it the cookie goes when the browser closes.
    pub max_age: Option<MaxAge>,
    /// Host whose subdomains get the cookie too.
    pub domain: Option<String>,
    /// Path prefix.
    pub path: String,
    /// Kept from scripts.
    pub http_only: bool,
    /// Sent over https only.
    pub secure: bool,
    /// Sent across sites.
    pub same_site: Option<SameSite>,
    /// Kept per top-level site; browsers ask for `Secure` with it.
    pub partitioned: bool,
}

impl Default for CookieAttributes {
    /// The reference's base: `Path=/; HttpOnly; SameSite=Lax`.
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

/// Writes a `Set-Cookie` value in the reference's attribute order (Better Auth core §7.1); the cookie's
/// value is percent-encoded, the name and the attributes are taken as they are.
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

#[cfg(test)]
mod tests {
    use super::*;

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
