//! `[cors]`: CORS headers for browsers. `security.trusted_origins` lists the origins that get them.

use std::time::Duration;

use serde::Deserialize;

use crate::config::span::{self, DAY};
use crate::config::{Section, SettingsError};

/// CORS headers for browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsSettings {
    /// Whether the server sends CORS headers and answers preflights itself.
    pub enabled: bool,
    /// Time for which a browser may cache the answer to a preflight.
    #[serde(deserialize_with = "span::within::<0, DAY, _>")]
    pub max_age: Duration,
}

impl Section for CorsSettings {
    const NAME: &'static str = "cors";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}
