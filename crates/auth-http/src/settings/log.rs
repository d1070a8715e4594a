//! `[log]`: form and level of log lines.

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::error::SettingsError;
use super::reader::Reader;

/// Form and level of log lines.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// Form of a line.
    pub format: LogFormat,
    /// Which of this server's events are written.
    pub filter: Targets,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// For reading at a terminal.
    Human,
}

impl LogSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        const FILTER: &str = "log.filter";
        Ok(Self {
            format: reader.choice("log.format", &[("json", LogFormat::Json), ("human", LogFormat::Human)])?,
            filter: parse_filter(&reader.text(FILTER)?).ok_or_else(|| {
                reader.expected(FILTER, "a level or filter such as \"info\" or \"auth_http=debug,info\"")
            })?,
        })
    }
}

/// Reads levels and `target=level` pairs. `Targets` alone would take a misspelt level for a target and show
/// all of it.
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
