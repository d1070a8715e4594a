//! `[cleanup]`: removing what has run out.

use std::time::Duration;

use super::error::SettingsError;
use super::reader::Reader;

/// Removing what has run out.
#[derive(Clone, Copy, Debug)]
pub struct CleanupSettings {
    /// Time between two rounds; `None`: the server removes nothing by itself.
    pub interval: Option<Duration>,
}

impl CleanupSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        let interval = reader.span("cleanup.interval", Duration::ZERO..=Duration::from_secs(24 * 60 * 60))?;
        Ok(Self { interval: Some(interval).filter(|interval| !interval.is_zero()) })
    }
}
