//! `[proxies]`: which proxies are trusted to name a request's client address and host, and whether client
//! addresses are used at all.

use actix_web::http::header::HeaderName;
use serde::{Deserialize, Deserializer};

use crate::config::{Network, Section, SettingsError, values};

/// Reverse proxies whose headers are trusted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxiesSettings {
    /// Whether client addresses are used. If not, sessions and log lines contain none, and requests are not
    /// counted.
    pub track_addresses: bool,
    /// Networks of the trusted proxies. If empty, no proxy is trusted.
    #[serde(deserialize_with = "networks")]
    pub trusted: Vec<Network>,
    /// Headers that carry the client's address, in order of preference.
    #[serde(deserialize_with = "headers")]
    pub headers: Vec<HeaderName>,
    /// Whether the proxies are also trusted to name the requested host and scheme.
    pub trusted_proxy_headers: bool,
    /// Number of leading bits of an IPv6 address that identify one client.
    #[serde(deserialize_with = "values::whole::<1, 128, _, _>")]
    pub ipv6_prefix: u8,
}

impl Section for ProxiesSettings {
    const NAME: &'static str = "proxies";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        if keys.trusted_proxy_headers && keys.trusted.is_empty() {
            let reason = "there is no proxy whose headers it could be about";
            let way_out = "name the proxies in `proxies.trusted`";
            return Err(SettingsError::refused("proxies.trusted_proxy_headers", reason, way_out));
        }
        Ok(keys)
    }
}

impl ProxiesSettings {
    /// Whether a network of the list contains every address.
    pub fn trusts_everyone(&self) -> bool {
        self.trusted.iter().any(Network::is_everyone)
    }
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
    let wanted = "addresses or networks such as \"10.0.0.0/8\" or \"fd00::/8\"";
    values::list(deserializer, |_, text| text.parse().map_err(|_| values::expected(wanted)))
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderName>, D::Error> {
    let wanted = || values::expected("names of headers such as \"x-forwarded-for\"");
    let headers =
        values::list(deserializer, |_, name| name.to_ascii_lowercase().parse().map_err(|_| wanted()))?;
    if headers.is_empty() { Err(wanted()) } else { Ok(headers) }
}
