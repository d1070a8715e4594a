//! `[server]`: where the server listens, under which address clients know it, and what it bears.

use std::time::Duration;

use super::base_url::BaseUrlSettings;
use super::error::{Problem, SettingsError};
use super::error_url::ErrorUrl;
use super::paths;
use super::reader::Reader;
use crate::config::route_path::RoutePath;

/// Listening, limits and deadlines.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address or host name to listen on.
    pub host: String,
    /// TCP port; 0 is any free one.
    pub port: u16,
    /// Threads that serve requests, at least one.
    pub workers: usize,
    /// Addresses under which clients reach the server, without their path.
    pub base_url: BaseUrlSettings,
    /// Path of the auth routes under every address: empty for the root, else with a leading and without a trailing slash.
    pub base_path: String,
    /// Where `GET /error` sends browsers; `None`: it shows a page.
    pub error_url: Option<ErrorUrl>,
    /// Routes that are turned off, by their paths below the base path.
    pub disabled_paths: Vec<RoutePath>,
    /// Whether a slash at the end of a path is passed over.
    pub skip_trailing_slashes: bool,
    /// Connections served at once, over all workers.
    pub max_connections: usize,
    /// Connections accepted beyond `max_connections`, for health probes.
    pub reserved_connections: usize,
    /// Longest pause between two requests on one connection.
    pub keep_alive: Duration,
    /// Deadline of a request's head.
    pub head_timeout: Duration,
    /// Deadline of a request's whole body.
    pub body_timeout: Duration,
    /// Deadline of a request's answer.
    pub handler_timeout: Duration,
    /// Time between SIGTERM and closing the port.
    pub drain_delay: Duration,
    /// Time that running requests have after that, in whole seconds.
    pub shutdown_timeout: Duration,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Largest request head, in bytes.
    pub head_limit: usize,
    /// Longest request path without its query, in bytes.
    pub path_limit: usize,
}

/// Key of [`ServerSettings::disabled_paths`].
pub(super) const DISABLED_PATHS: &str = "server.disabled_paths";
/// The largest head that the HTTP parser takes (actix-http 3.20, `MAX_BUFFER_SIZE`), in bytes.
const PARSER_HEAD_LIMIT: usize = 131_072;
/// The most threads that actix-server 2.10 starts (`MAX_WORKERS`).
const MOST_WORKERS: usize = 512;
/// Bodies are held in memory while a request runs, in bytes.
const LARGEST_BODY_LIMIT: usize = 16 * 1024 * 1024;

impl ServerSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        let (base_url, own_path) = BaseUrlSettings::read(reader)?;
        let seconds = |low, high| Duration::from_secs(low)..=Duration::from_secs(high);
        let deadline = Duration::from_millis(100)..=Duration::from_secs(600);
        let host = reader.text("server.host")?;
        if host.is_empty() {
            return Err(reader.expected("server.host", "an address such as \"127.0.0.1\" or \"0.0.0.0\""));
        }
        let base_path = match (&base_url, own_path) {
            (BaseUrlSettings::Fixed(_), Some(path)) => path,
            (BaseUrlSettings::Fixed(_), None) | (BaseUrlSettings::ByHost(_), None) => base_path(reader)?,
            (BaseUrlSettings::ByHost(_), Some(path)) => {
                let shared = base_path(reader)?;
                if path != shared {
                    let reason = "beside `server.allowed_hosts` its path is that of every host".to_owned();
                    let way_out = "leave the path out and set `server.base_path`";
                    return Err(reader.problem("server.base_url", Problem::Refused { reason, way_out }));
                }
                shared
            }
        };
        let paths_below = "paths below the base path, such as [\"/sign-up/email\"]";
        Ok(Self {
            host,
            port: reader.number("server.port", 0..=u16::MAX)?,
            workers: one_per_core(reader.number("server.workers", 0..=MOST_WORKERS)?).min(MOST_WORKERS),
            base_url,
            error_url: ErrorUrl::read(reader)?,
            disabled_paths: paths::read(reader, DISABLED_PATHS, &base_path, paths_below)?,
            base_path,
            skip_trailing_slashes: reader.switch("server.skip_trailing_slashes")?,
            max_connections: reader.number("server.max_connections", 1..=1_000_000)?,
            reserved_connections: reader.number("server.reserved_connections", 1..=1_000_000)?,
            keep_alive: reader.span("server.keep_alive", seconds(1, 600))?,
            head_timeout: reader.span("server.head_timeout", deadline.clone())?,
            body_timeout: reader.span("server.body_timeout", deadline.clone())?,
            handler_timeout: reader.span("server.handler_timeout", deadline)?,
            drain_delay: reader.span("server.drain_delay", Duration::ZERO..=Duration::from_secs(600))?,
            shutdown_timeout: reader.span("server.shutdown_timeout", seconds(1, 600))?,
            body_limit: reader.number("server.body_limit", 1_024..=LARGEST_BODY_LIMIT)?,
            head_limit: reader.number("server.head_limit", 1_024..=PARSER_HEAD_LIMIT)?,
            path_limit: reader.number("server.path_limit", 64..=PARSER_HEAD_LIMIT)?,
        })
    }
}

/// Reads 0 as the number of cores.
pub(super) fn one_per_core(number: usize) -> usize {
    match number {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => number,
    }
}

fn base_path(reader: &Reader) -> Result<String, SettingsError> {
    const KEY: &str = "server.base_path";
    let text = reader.text(KEY)?;
    normalised_path(&text).ok_or_else(|| reader.expected(KEY, "a path such as \"/api/auth\""))
}

/// Gives a path one leading and no trailing slash; `None` where it could match no request.
pub(super) fn normalised_path(text: &str) -> Option<String> {
    let inner = text.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    if inner.is_empty() {
        Some(String::new())
    } else if inner.chars().all(plain) && !inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some(format!("/{inner}"))
    } else {
        None
    }
}
