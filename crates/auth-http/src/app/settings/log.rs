//! `[log]`: format and level of log lines.

use serde::{Deserialize, Deserializer};
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::config::{Section, SettingsError, values};

/// Format and level of log lines.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSettings {
    /// Format of a line.
    pub format: LogFormat,
    /// Which of this server's events are written.
    #[serde(deserialize_with = "filter")]
    pub filter: Targets,
}

/// Format of a log line.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Text for reading at a terminal.
    Human,
}

impl Section for LogSettings {
    const NAME: &'static str = "log";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

fn filter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Targets, D::Error> {
    let wanted = "a level or filter such as \"info\" or \"auth_http=debug,info\"";
    values::parsed(deserializer, wanted, parse_filter)
}

/// Reads levels and `target=level` pairs. `Targets` alone would read a misspelt level as a target and log
/// everything of that target.
fn parse_filter(text: &str) -> Option<Targets> {
    let target = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let well_formed = |item: &str| match item.split_once('=') {
        Some((name, level)) => {
            !name.is_empty() && name.chars().all(target) && level.parse::<LevelFilter>().is_ok()
        }
        None => item.parse::<LevelFilter>().is_ok(),
    };
    text.split(',').all(well_formed).then(|| text.parse().ok()).flatten()
}
