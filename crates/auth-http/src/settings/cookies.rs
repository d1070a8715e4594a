//! `[cookies]`: names and attributes of cookies.

use auth_core::{
    AttributeOverrides, CookieOverrides, CookieSettings, CookieSettingsError, MaxAge, SameSite,
    SessionCookies,
};

use super::base_url::{BaseUrl, BaseUrlSettings};
use super::error::SettingsError;
use super::reader::Reader;
use super::span;
use crate::web::host::Protocol;

/// Names and attributes of cookies, of which two may follow the address that a request came under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookiesSettings {
    /// What holds under every address; `secure` and `domain` are said by the other two members.
    common: CookieSettings,
    secure: Secure,
    domain: Option<Domain>,
}

/// Whether cookies are for https alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secure {
    /// Decided once.
    Always(bool),
    /// Where the address is https.
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
    /// Gives what holds under an address.
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

    /// Gives what holds under every address, for what depends on neither scheme nor host.
    pub(crate) fn anywhere(&self) -> CookieSettings {
        self.common.clone()
    }

    /// Tells whether cookies are never for https alone.
    pub(super) fn is_never_secure(&self) -> bool {
        self.secure == Secure::Always(false)
    }

    /// Tells whether scripts can read the session token's cookie.
    pub(super) fn is_token_open_to_scripts(&self) -> bool {
        is_open_to_scripts(&self.common, &self.common.session_token)
    }

    /// Tells whether scripts can read the cookie cache's cookie.
    pub(super) fn is_cache_open_to_scripts(&self) -> bool {
        is_open_to_scripts(&self.common, &self.common.session_data)
    }
}

/// Reads the section; whatever no cookie can have is refused here, by its key.
pub(super) fn read(reader: &Reader, addresses: &BaseUrlSettings) -> Result<CookiesSettings, SettingsError> {
    let domain = reader.optional_text("cookies.domain")?.map(|domain| match domain.as_str() {
        "auto" => Domain::OfAddress,
        _ => Domain::Named(domain),
    });
    let choices = [("auto", None), ("true", Some(true)), ("false", Some(false))];
    let secure = reader.choice("cookies.secure", &choices)?.map(Secure::Always);
    let secure = secure.unwrap_or_else(|| follow(addresses, domain.as_ref()));
    let common = CookieSettings {
        prefix: reader.text("cookies.prefix")?,
        secure: true,
        domain: None,
        attributes: attributes(reader, "cookies.default_attributes", Life::Fixed)?,
        session_token: cookie(reader, "cookies.session_token", Life::Fixed)?,
        session_data: cookie(reader, "cookies.session_data", Life::Chosen)?,
        dont_remember: cookie(reader, "cookies.dont_remember", Life::Chosen)?,
    };
    let settings = CookiesSettings { common, secure, domain };
    // Each value was looked at alone; what is left is how they go together.
    let example = match (addresses, &settings.domain) {
        (BaseUrlSettings::Fixed(url), _) => settings.at(url),
        (BaseUrlSettings::ByHost(_), Some(Domain::Named(domain))) => {
            CookieSettings { domain: Some(domain.clone()), ..settings.common.clone() }
        }
        (BaseUrlSettings::ByHost(_), Some(Domain::OfAddress) | None) => settings.common.clone(),
    };
    match SessionCookies::new(example) {
        Ok(_) => Ok(settings),
        Err(CookieSettingsError::Prefix) => {
            Err(reader.expected("cookies.prefix", "letters, digits and any of !#$%&'*+-.^_`|~"))
        }
        Err(CookieSettingsError::Domain) => Err(reader.expected("cookies.domain", DOMAIN)),
        Err(_) => {
            let named = ["session_token", "session_data", "dont_remember"]
                .map(|cookie| format!("cookies.{cookie}.name"))
                .into_iter()
                .find(|key| matches!(reader.optional_text(key), Ok(Some(_))));
            let key = named.unwrap_or_else(|| "cookies.prefix".to_owned());
            Err(reader.expected(&key, "a name that no other cookie has"))
        }
    }
}

/// Says whether cookies are secure where the settings leave it open. It is decided once, so that a host has one name for each
/// cookie; but as in the reference, cookies that are shared among subdomains follow the scheme of each request (core §7.1).
fn follow(addresses: &BaseUrlSettings, domain: Option<&Domain>) -> Secure {
    match (addresses, domain) {
        (BaseUrlSettings::Fixed(_), _) | (BaseUrlSettings::ByHost(_), Some(_)) => Secure::WithHttps,
        (BaseUrlSettings::ByHost(allowed), None) => Secure::Always(match allowed.protocol() {
            Protocol::Https => true,
            Protocol::Http => false,
            // Browsers do not all take secure cookies from a server on this machine.
            Protocol::ByRequest | Protocol::Auto => !addresses.is_loopback(),
        }),
    }
}

fn is_open_to_scripts(settings: &CookieSettings, cookie: &CookieOverrides) -> bool {
    cookie.attributes.http_only.or(settings.attributes.http_only) == Some(false)
}

const DOMAIN: &str = "a host name such as \"example.com\"";

/// Whether a cookie has a `Max-Age` of its own to choose.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Fixed,
    Chosen,
}

fn cookie(reader: &Reader, section: &str, life: Life) -> Result<CookieOverrides, SettingsError> {
    let key = format!("{section}.name");
    let name = reader.optional_text(&key)?;
    let alone = CookieSettings {
        session_token: CookieOverrides { name: name.clone(), ..CookieOverrides::default() },
        ..CookieSettings::default()
    };
    if SessionCookies::new(alone).err() == Some(CookieSettingsError::Name) {
        return Err(reader.expected(&key, "a cookie's name: letters, digits and !#$%&'*+-.^_`|~"));
    }
    Ok(CookieOverrides { name, attributes: attributes(reader, section, life)? })
}

fn attributes(reader: &Reader, section: &str, life: Life) -> Result<AttributeOverrides, SettingsError> {
    let key = |name: &str| format!("{section}.{name}");
    let switch =
        |name: &str| reader.choice(&key(name), &[("", None), ("true", Some(true)), ("false", Some(false))]);
    let same_site = [
        ("", None),
        ("lax", Some(SameSite::Lax)),
        ("strict", Some(SameSite::Strict)),
        ("none", Some(SameSite::None)),
    ];
    let overrides = AttributeOverrides {
        max_age: if life == Life::Chosen { max_age(reader, &key("max_age"))? } else { None },
        domain: reader.optional_text(&key("domain"))?,
        path: reader.optional_text(&key("path"))?,
        http_only: switch("http_only")?,
        secure: switch("secure")?,
        same_site: reader.choice(&key("same_site"), &same_site)?,
        partitioned: switch("partitioned")?,
    };
    let alone = CookieSettings { attributes: overrides.clone(), ..CookieSettings::default() };
    match SessionCookies::new(alone).err() {
        Some(CookieSettingsError::Domain) => Err(reader.expected(&key("domain"), DOMAIN)),
        Some(_) => Err(reader.expected(&key("path"), "a path such as \"/\", without `;`")),
        None => Ok(overrides),
    }
}

fn max_age(reader: &Reader, key: &str) -> Result<Option<MaxAge>, SettingsError> {
    if reader.optional_text(key)?.is_none() {
        return Ok(None);
    }
    Ok(MaxAge::new(span::long(reader, key, 1)?))
}
