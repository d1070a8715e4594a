//! Better Auth's `jwt` plugin.

pub(crate) mod routes;
