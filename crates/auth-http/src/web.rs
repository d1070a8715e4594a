//! What every route needs of HTTP: bodies and their checks, origins, hosts, clients, limits, errors. Knows no feature.

pub(crate) mod body;
pub(crate) mod client;
pub mod client_address;
pub(crate) mod client_extractor;
pub(crate) mod error;
pub(crate) mod expose;
pub(crate) mod fields;
pub mod host;
pub(crate) mod now;
pub mod origin;
pub(crate) mod panics;
pub(crate) mod paths;
pub(crate) mod rate_limit;
pub(crate) mod rate_limit_middleware;
pub(crate) mod response_cookies;
pub(crate) mod state;
