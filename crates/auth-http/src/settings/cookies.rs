//! `[cookies]`: names and attributes of cookies.

use super::error::SettingsError;
use super::reader::Reader;
use super::server::BaseUrl;

/// Names and attributes of cookies.
#[derive(Clone, Debug)]
pub struct CookiesSettings {
    /// First part of every cookie's name, before the dot.
    pub prefix: String,
    /// Whether cookies have the `Secure` attribute and the `__Secure-` prefix.
    pub secure: bool,
    /// `Domain` attribute; `None`: this host only.
    pub domain: Option<String>,
}

impl CookiesSettings {
    pub(super) fn read(reader: &Reader, base_url: &BaseUrl) -> Result<Self, SettingsError> {
        let prefix = reader.text("cookies.prefix")?;
        let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if prefix.is_empty() || !prefix.chars().all(token) {
            return Err(reader.expected("cookies.prefix", "letters, digits, `-`, `_` and `.`"));
        }
        let domain = reader.optional_text("cookies.domain")?;
        let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if domain.as_ref().is_some_and(|domain| !domain.chars().all(host)) {
            return Err(reader.expected("cookies.domain", "a host name such as \"example.com\""));
        }
        let secure = [("auto", None), ("true", Some(true)), ("false", Some(false))];
        Ok(Self {
            prefix,
            secure: reader.choice("cookies.secure", &secure)?.unwrap_or(base_url.is_https()),
            domain,
        })
    }
}
