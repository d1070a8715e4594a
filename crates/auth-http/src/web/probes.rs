//! The paths of health probes, which no route may take.

/// Path of the liveness probe.
pub(crate) const LIVENESS: &str = "/healthz";
/// Path of the readiness probe.
pub(crate) const READINESS: &str = "/readyz";

/// Whether a path is a probe's.
pub(crate) fn is_probe(path: &str) -> bool {
    path == LIVENESS || path == READINESS
}
