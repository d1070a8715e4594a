//! HTTP infrastructure that every route uses: routing, guards, bodies and their checks, origins, hosts,
//! client addresses, rate limits, errors. It depends on no feature and not on sessions.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod client;
pub mod client_address;
pub(crate) mod context;
pub(crate) mod error;
pub(crate) mod error_code;
pub(crate) mod expose;
pub(crate) mod fields;
pub(crate) mod guard;
pub mod host;
pub(crate) mod input;
pub mod origin;
pub(crate) mod panics;
pub(crate) mod paths;
pub(crate) mod probes;
pub(crate) mod rate_limit;
pub(crate) mod response_cookies;
pub(crate) mod route;
pub(crate) mod route_facts;
pub(crate) mod route_names;
pub(crate) mod router;
pub(crate) mod services;
