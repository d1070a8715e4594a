//! `[cleanup]`: removal of expired rows.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::span::{self, DAY};
use crate::config::{Section, SettingsError};

/// Removal of expired rows.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanupSettings {
    /// Time between two runs; `None`: the server removes nothing by itself.
    #[serde(deserialize_with = "interval")]
    pub interval: Option<Duration>,
}

impl Section for CleanupSettings {
    const NAME: &'static str = "cleanup";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let interval = span::within::<0, DAY, D>(deserializer)?;
    Ok(Some(interval).filter(|interval| !interval.is_zero()))
}
