//! `[cookies]`: names and attributes of cookies.

use auth_core::{
    AttributeOverrides, CookieOverrides, CookieSettings, CookieSettingsError, MaxAge, SameSite,
    SessionCookies,
};

use super::error::SettingsError;
use super::reader::Reader;
use super::server::BaseUrl;
use super::span;

/// Reads the section; whatever no cookie can have is refused here, by its key.
pub(super) fn read(reader: &Reader, base_url: &BaseUrl) -> Result<CookieSettings, SettingsError> {
    let secure = [("auto", None), ("true", Some(true)), ("false", Some(false))];
    let domain = reader.optional_text("cookies.domain")?.map(|domain| match domain.as_str() {
        "auto" => base_url.hostname().to_owned(),
        _ => domain,
    });
    let settings = CookieSettings {
        prefix: reader.text("cookies.prefix")?,
        secure: reader.choice("cookies.secure", &secure)?.unwrap_or(base_url.is_https()),
        domain,
        attributes: attributes(reader, "cookies.default_attributes", Life::Fixed)?,
        session_token: cookie(reader, "cookies.session_token", Life::Fixed)?,
        session_data: cookie(reader, "cookies.session_data", Life::Chosen)?,
        dont_remember: cookie(reader, "cookies.dont_remember", Life::Chosen)?,
    };
    // Each value was looked at alone; what is left is how they go together.
    match SessionCookies::new(settings.clone()) {
        Ok(_) => Ok(settings),
        Err(CookieSettingsError::Prefix) => {
            Err(reader.expected("cookies.prefix", "letters, digits, `-`, `_` and `.`"))
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

/// Tells whether scripts can read the session token's cookie.
pub(super) fn is_token_open_to_scripts(settings: &CookieSettings) -> bool {
    is_open_to_scripts(settings, &settings.session_token)
}

/// Tells whether scripts can read the cookie cache's cookie.
pub(super) fn is_cache_open_to_scripts(settings: &CookieSettings) -> bool {
    is_open_to_scripts(settings, &settings.session_data)
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
