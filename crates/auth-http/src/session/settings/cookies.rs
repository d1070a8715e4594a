//! `[cookies]`: names and attributes of cookies.

use auth_core::{
    AttributeOverrides, BaseUrl, CookieOverrides, CookieSettings, CookieSettingsError, MaxAge, SameSite,
    SessionCookies,
};
use serde::{Deserialize, Deserializer};

use crate::config::{Section, SettingsError, span, values};

/// Names and attributes of cookies. `secure` and `domain` may depend on the address that a request reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookiesSettings {
    /// The settings for every address. The other two members replace its `secure` and `domain`.
    common: CookieSettings,
    secure: Secure,
    domain: Option<Domain>,
}

/// Whether browsers send cookies over https only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secure {
    /// The same for every address.
    Always(bool),
    /// Only if the address is https.
    WithHttps,
}

/// Which hosts share cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Domain {
    /// A host and its subdomains.
    Named(String),
    /// The host of the address and its subdomains.
    OfAddress,
}

impl CookiesSettings {
    /// Returns the settings for an address.
    pub fn at(&self, base_url: &BaseUrl) -> CookieSettings {
        let secure = match self.secure {
            Secure::Always(secure) => secure,
            Secure::WithHttps => base_url.is_https(),
        };
        let domain = self.domain.as_ref().map(|domain| match domain {
            Domain::Named(domain) => domain.clone(),
            Domain::OfAddress => base_url.hostname().to_owned(),
        });
        CookieSettings { secure, domain, ..self.common.clone() }
    }

    /// Returns the settings for every address, for uses that depend on neither scheme nor host.
    pub(crate) fn anywhere(&self) -> CookieSettings {
        self.common.clone()
    }

    /// Whether cookies are sent over plain http under every address.
    pub(crate) fn is_never_secure(&self) -> bool {
        self.secure == Secure::Always(false)
    }

    /// Whether scripts can read the cookie of the session token.
    pub(crate) fn is_token_open_to_scripts(&self) -> bool {
        is_open_to_scripts(&self.common, &self.common.session_token)
    }

    /// Whether scripts can read the cookie of the cookie cache.
    pub(crate) fn is_cache_open_to_scripts(&self) -> bool {
        is_open_to_scripts(&self.common, &self.common.session_data)
    }

    /// Sets whether cookies are secure, if the settings leave it open and the address depends on the request.
    /// It is decided once, so that each cookie of a host has one name. As in the reference, cookies that are
    /// shared among subdomains follow the scheme of each request instead (core §7.1).
    pub(crate) fn decide_secure(&mut self, secure: bool) {
        if self.secure == Secure::WithHttps && self.domain.is_none() {
            self.secure = Secure::Always(secure);
        }
    }

    /// Checks that names, prefix and domain fit together, for the server's address if it has only one.
    pub(crate) fn check(&self, address: Option<&BaseUrl>) -> Result<(), SettingsError> {
        let example = match (address, &self.domain) {
            (Some(address), _) => self.at(address),
            (None, Some(Domain::Named(domain))) => {
                CookieSettings { domain: Some(domain.clone()), ..self.common.clone() }
            }
            (None, Some(Domain::OfAddress) | None) => self.common.clone(),
        };
        let names = [
            ("cookies.session_token.name", &self.common.session_token.name),
            ("cookies.session_data.name", &self.common.session_data.name),
            ("cookies.dont_remember.name", &self.common.dont_remember.name),
        ];
        match SessionCookies::new(example) {
            Ok(_) => Ok(()),
            Err(CookieSettingsError::Prefix) => {
                Err(SettingsError::expected(PREFIX, "letters, digits and any of !#$%&'*+-.^_`|~"))
            }
            Err(CookieSettingsError::Domain) => Err(SettingsError::expected("cookies.domain", DOMAIN)),
            Err(_) => {
                let named = names.iter().find(|(_, name)| name.is_some());
                let key = named.map_or(PREFIX, |(key, _)| key);
                Err(SettingsError::expected(key, "a name that no other cookie has"))
            }
        }
    }
}

const PREFIX: &str = "cookies.prefix";

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    prefix: String,
    secure: SecureKey,
    domain: Option<String>,
    default_attributes: CookieKeys,
    session_token: CookieKeys,
    session_data: CookieKeys,
    dont_remember: CookieKeys,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecureKey {
    Auto,
    True,
    False,
}

/// The keys of one cookie's table. `default.toml` lists only the keys that can be set there:
/// `default_attributes` has no name, and only two cookies have a `max_age`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CookieKeys {
    #[serde(default, deserialize_with = "name")]
    name: Option<String>,
    #[serde(default)]
    max_age: Option<Life>,
    #[serde(deserialize_with = "domain")]
    domain: Option<String>,
    #[serde(deserialize_with = "path")]
    path: Option<String>,
    #[serde(deserialize_with = "same_site")]
    same_site: Option<SameSite>,
    http_only: Option<bool>,
    secure: Option<bool>,
    partitioned: Option<bool>,
}

#[derive(Clone, Copy, Debug)]
struct Life(MaxAge);

impl Section for CookiesSettings {
    const NAME: &'static str = "cookies";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        Ok(Self {
            domain: keys.domain.map(|domain| match domain.as_str() {
                "auto" => Domain::OfAddress,
                _ => Domain::Named(domain),
            }),
            secure: match keys.secure {
                SecureKey::Auto => Secure::WithHttps,
                SecureKey::True => Secure::Always(true),
                SecureKey::False => Secure::Always(false),
            },
            common: CookieSettings {
                prefix: keys.prefix,
                secure: true,
                domain: None,
                attributes: keys.default_attributes.overrides().attributes,
                session_token: keys.session_token.overrides(),
                session_data: keys.session_data.overrides(),
                dont_remember: keys.dont_remember.overrides(),
            },
        })
    }
}

impl CookieKeys {
    fn overrides(self) -> CookieOverrides {
        let attributes = AttributeOverrides {
            max_age: self.max_age.map(|Life(max_age)| max_age),
            domain: self.domain,
            path: self.path,
            http_only: self.http_only,
            secure: self.secure,
            same_site: self.same_site,
            partitioned: self.partitioned,
        };
        CookieOverrides { name: self.name, attributes }
    }
}

fn is_open_to_scripts(settings: &CookieSettings, cookie: &CookieOverrides) -> bool {
    cookie.attributes.http_only.or(settings.attributes.http_only) == Some(false)
}

const DOMAIN: &str = "a host name such as \"example.com\"";

/// Reads an optional text. Refuses it if cookies with this text have a problem for which `is_wrong` returns
/// true.
fn tried<'de, D: Deserializer<'de>>(
    deserializer: D,
    wanted: &str,
    cookies_with: impl FnOnce(String) -> CookieSettings,
    is_wrong: impl FnOnce(&CookieSettingsError) -> bool,
) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let problem = text.clone().and_then(|text| SessionCookies::new(cookies_with(text)).err());
    if problem.as_ref().is_some_and(is_wrong) { Err(values::expected(wanted)) } else { Ok(text) }
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let cookies_with = |name| CookieSettings {
        session_token: CookieOverrides { name: Some(name), ..CookieOverrides::default() },
        ..CookieSettings::default()
    };
    let wanted = "a cookie's name: letters, digits and !#$%&'*+-.^_`|~";
    tried(deserializer, wanted, cookies_with, |problem| *problem == CookieSettingsError::Name)
}

fn domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let cookies_with = |domain| {
        with_attributes(AttributeOverrides { domain: Some(domain), ..AttributeOverrides::default() })
    };
    tried(deserializer, DOMAIN, cookies_with, |_| true)
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let cookies_with =
        |path| with_attributes(AttributeOverrides { path: Some(path), ..AttributeOverrides::default() });
    tried(deserializer, "a path such as \"/\", without `;`", cookies_with, |_| true)
}

fn with_attributes(attributes: AttributeOverrides) -> CookieSettings {
    CookieSettings { attributes, ..CookieSettings::default() }
}

fn same_site<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SameSite>, D::Error> {
    let words = [
        ("", None),
        ("lax", Some(SameSite::Lax)),
        ("strict", Some(SameSite::Strict)),
        ("none", Some(SameSite::None)),
    ];
    values::word(deserializer, &words)
}

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        span::max_age(deserializer).map(Self)
    }
}
