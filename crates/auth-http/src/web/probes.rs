//! The paths of health probes, which no route may use.

/// Path of the liveness probe.
pub(crate) const LIVENESS: &str = "/healthz";
/// Path of the readiness probe.
pub(crate) const READINESS: &str = "/readyz";

/// Whether a path is that of a probe.
pub(crate) fn is_probe(path: &str) -> bool {
    path == LIVENESS || path == READINESS
}
