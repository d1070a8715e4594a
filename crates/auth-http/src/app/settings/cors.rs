//! `[cors]`: cross-origin answers for browsers. Which origins get them is `security.trusted_origins`.

use std::time::Duration;

use serde::Deserialize;

use crate::config::span::{self, DAY};
use crate::config::{Section, SettingsError};

/// Cross-origin answers for browsers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorsSettings {
    /// Whether the server answers them itself.
    pub enabled: bool,
    /// Time a browser may remember a preflight's answer.
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
