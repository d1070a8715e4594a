//! `[log]`: form and level of log lines.

use tracing_subscriber::filter::Targets;

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
            filter: reader
                .text(FILTER)?
                .parse()
                .map_err(|_| reader.expected(FILTER, "a level or filter such as \"info\" or \"auth_http=debug,info\""))?,
        })
    }
}
