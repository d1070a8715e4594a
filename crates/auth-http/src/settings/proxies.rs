//! `[proxies]`: whose word is taken for a client's address and for the host it asked, and whether addresses are looked at at
//! all.

use actix_web::http::header::HeaderName;

use super::error::{Problem, SettingsError};
use super::network::Network;
use super::reader::Reader;

/// Reverse proxies whose headers are believed.
#[derive(Clone, Debug)]
pub struct ProxiesSettings {
    /// Whether clients have addresses; if not, sessions and log lines hold none, and requests are not counted.
    pub track_addresses: bool,
    /// Networks of the proxies; empty believes nobody.
    pub trusted: Vec<Network>,
    /// Headers that carry the client's address, in order of preference.
    pub headers: Vec<HeaderName>,
    /// Whether the proxies' word is also taken for the host and the scheme that a client asked for.
    pub trusted_proxy_headers: bool,
    /// Leading bits of an IPv6 address that count as one client.
    pub ipv6_prefix: u8,
}

impl ProxiesSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        const NETWORK: &str = "addresses or networks such as \"10.0.0.0/8\" or \"fd00::/8\"";
        const PROXY_HEADERS: &str = "proxies.trusted_proxy_headers";
        const HEADER: &str = "names of headers such as \"x-forwarded-for\"";
        let trusted = reader.list("proxies.trusted")?;
        let headers = reader.list("proxies.headers")?;
        let headers: Vec<HeaderName> = headers
            .iter()
            .map(|name| name.to_ascii_lowercase().parse())
            .collect::<Result<_, _>>()
            .map_err(|_| reader.expected("proxies.headers", HEADER))?;
        if headers.is_empty() {
            return Err(reader.expected("proxies.headers", HEADER));
        }
        let trusted_proxy_headers = reader.switch(PROXY_HEADERS)?;
        if trusted_proxy_headers && trusted.is_empty() {
            let reason = "there is no proxy whose headers it could be about".to_owned();
            let way_out = "name the proxies in `proxies.trusted`";
            return Err(reader.problem(PROXY_HEADERS, Problem::Refused { reason, way_out }));
        }
        Ok(Self {
            track_addresses: reader.switch("proxies.track_addresses")?,
            trusted: trusted
                .iter()
                .map(|text| text.parse())
                .collect::<Result<_, _>>()
                .map_err(|_| reader.expected("proxies.trusted", NETWORK))?,
            headers,
            trusted_proxy_headers,
            ipv6_prefix: reader.number("proxies.ipv6_prefix", 1..=128)?,
        })
    }

    /// Tells whether some network of the list holds everyone.
    pub fn trusts_everyone(&self) -> bool {
        self.trusted.iter().any(Network::is_everyone)
    }
}
