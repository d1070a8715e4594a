//! `[cors]`: cross-origin answers for browsers. Which origins get them is `security.trusted_origins`.

use std::time::Duration;

use super::error::SettingsError;
use super::reader::Reader;

/// Cross-origin answers for browsers.
#[derive(Clone, Debug)]
pub struct CorsSettings {
    /// Whether the server answers them itself.
    pub enabled: bool,
    /// Time a browser may remember a preflight's answer.
    pub max_age: Duration,
}

impl CorsSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.switch("cors.enabled")?,
            max_age: reader.span("cors.max_age", Duration::ZERO..=Duration::from_secs(24 * 60 * 60))?,
        })
    }
}
