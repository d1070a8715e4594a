//! `[server]`: listening address, public addresses, limits and deadlines.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::base_url::normalised_path;
use crate::config::route_path;
use crate::config::route_path::RoutePath;
use crate::config::span::{self, MINUTE, SECOND};
use crate::config::{Section, SettingsError, values};
use crate::features::system::settings::ErrorUrl;
use crate::web::host::Protocol;
use crate::web::host::settings::{Address, BaseUrlSettings, protocol};

/// Listening, limits and deadlines.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address or host name to listen on.
    pub host: String,
    /// TCP port; 0 selects any free port.
    pub port: u16,
    /// Threads that serve requests, at least one.
    pub workers: usize,
    /// Addresses under which clients reach the server, without a path.
    pub base_url: BaseUrlSettings,
    /// Path of the auth routes under every address: empty for the root, otherwise with a leading and without
    /// a trailing slash.
    pub base_path: String,
    /// Where `GET /error` redirects browsers; `None`: it shows a page.
    pub error_url: Option<ErrorUrl>,
    /// Routes that are turned off, by their paths below the base path.
    pub disabled_paths: Vec<RoutePath>,
    /// Whether a trailing slash in a path is ignored.
    pub skip_trailing_slashes: bool,
    /// Maximum number of connections served at once, over all workers.
    pub max_connections: usize,
    /// Number of connections accepted beyond `max_connections`, for health probes.
    pub reserved_connections: usize,
    /// Maximum time between two requests on one connection.
    pub keep_alive: Duration,
    /// Deadline for a request's head.
    pub head_timeout: Duration,
    /// Deadline for a request's whole body.
    pub body_timeout: Duration,
    /// Deadline for the answer to a request.
    pub handler_timeout: Duration,
    /// Time between SIGTERM and closing the port.
    pub drain_delay: Duration,
    /// Time that running requests get after that, in whole seconds.
    pub shutdown_timeout: Duration,
    /// Maximum size of a request body, in bytes.
    pub body_limit: usize,
    /// Maximum size of a request head, in bytes.
    pub head_limit: usize,
    /// Maximum length of a request path without its query, in bytes.
    pub path_limit: usize,
}

/// Maximum head size of the HTTP parser (actix-http 3.20, `MAX_BUFFER_SIZE`), in bytes.
const PARSER_HEAD_LIMIT: u64 = 131_072;
/// Maximum number of threads that actix-server 2.10 starts (`MAX_WORKERS`).
const MOST_WORKERS: u64 = 512;
/// Maximum of `body_limit`, in bytes. Bodies are held in memory while a request runs.
const LARGEST_BODY_LIMIT: u64 = 16 * 1024 * 1024;

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    #[serde(deserialize_with = "host")]
    host: String,
    #[serde(deserialize_with = "values::whole::<0, 65_535, _, _>")]
    port: u16,
    #[serde(deserialize_with = "values::whole::<0, MOST_WORKERS, _, _>")]
    workers: usize,
    base_url: Option<Address>,
    allowed_hosts: Vec<String>,
    #[serde(deserialize_with = "protocol")]
    protocol: Protocol,
    #[serde(deserialize_with = "base_path")]
    base_path: String,
    error_url: Option<ErrorUrl>,
    #[serde(deserialize_with = "disabled_paths")]
    disabled_paths: Vec<RoutePath>,
    skip_trailing_slashes: bool,
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    max_connections: usize,
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    reserved_connections: usize,
    #[serde(deserialize_with = "span::within::<SECOND, LONGEST, _>")]
    keep_alive: Duration,
    #[serde(deserialize_with = "span::within::<SHORTEST_DEADLINE, LONGEST, _>")]
    head_timeout: Duration,
    #[serde(deserialize_with = "span::within::<SHORTEST_DEADLINE, LONGEST, _>")]
    body_timeout: Duration,
    #[serde(deserialize_with = "span::within::<SHORTEST_DEADLINE, LONGEST, _>")]
    handler_timeout: Duration,
    #[serde(deserialize_with = "span::within::<0, LONGEST, _>")]
    drain_delay: Duration,
    #[serde(deserialize_with = "span::within::<SECOND, LONGEST, _>")]
    shutdown_timeout: Duration,
    #[serde(deserialize_with = "values::whole::<1_024, LARGEST_BODY_LIMIT, _, _>")]
    body_limit: usize,
    #[serde(deserialize_with = "values::whole::<1_024, PARSER_HEAD_LIMIT, _, _>")]
    head_limit: usize,
    #[serde(deserialize_with = "values::whole::<64, PARSER_HEAD_LIMIT, _, _>")]
    path_limit: usize,
}

/// Maximum of the section's durations, in milliseconds.
const LONGEST: u64 = 10 * MINUTE;
/// Minimum of the section's deadlines, in milliseconds.
const SHORTEST_DEADLINE: u64 = 100;

impl Section for ServerSettings {
    const NAME: &'static str = "server";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        let base_url = BaseUrlSettings::new(keys.base_url.as_ref(), &keys.allowed_hosts, keys.protocol)?;
        let base_path = match (&base_url, keys.base_url.and_then(|address| address.path)) {
            (BaseUrlSettings::Fixed(_), Some(path)) => path,
            (BaseUrlSettings::ByHost(_), Some(path)) if path != keys.base_path => {
                let reason = "beside `server.allowed_hosts` its path is that of every host";
                let way_out = "leave the path out and set `server.base_path`";
                return Err(SettingsError::refused("server.base_url", reason, way_out));
            }
            (BaseUrlSettings::Fixed(_) | BaseUrlSettings::ByHost(_), _) => keys.base_path,
        };
        Ok(Self {
            host: keys.host,
            port: keys.port,
            workers: one_per_core(keys.workers),
            base_url,
            base_path,
            error_url: keys.error_url,
            disabled_paths: keys.disabled_paths,
            skip_trailing_slashes: keys.skip_trailing_slashes,
            max_connections: keys.max_connections,
            reserved_connections: keys.reserved_connections,
            keep_alive: keys.keep_alive,
            head_timeout: keys.head_timeout,
            body_timeout: keys.body_timeout,
            handler_timeout: keys.handler_timeout,
            drain_delay: keys.drain_delay,
            shutdown_timeout: keys.shutdown_timeout,
            body_limit: keys.body_limit,
            head_limit: keys.head_limit,
            path_limit: keys.path_limit,
        })
    }
}

/// Reads 0 as the number of cores.
fn one_per_core(workers: usize) -> usize {
    let most = usize::try_from(MOST_WORKERS).unwrap_or(usize::MAX);
    if workers == 0 { values::cores().min(most) } else { workers }
}

fn host<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    values::parsed(deserializer, "an address such as \"127.0.0.1\" or \"0.0.0.0\"", |text| {
        Some(text.to_owned()).filter(|text| !text.is_empty())
    })
}

fn base_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    values::parsed(deserializer, "a path such as \"/api/auth\"", normalised_path)
}

fn disabled_paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RoutePath>, D::Error> {
    route_path::list(deserializer, "paths below the base path, such as [\"/sign-up/email\"]")
}
