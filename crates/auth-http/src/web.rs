//! What every route needs of HTTP: routes and their guards, bodies and their checks, origins, hosts, clients, limits,
//! errors. Knows no feature and no session.

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
