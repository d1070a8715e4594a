//! Lists of paths below the base path.

use serde::Deserializer;

use crate::config::route_path::RoutePath;
use crate::config::values;

/// Reads a list of paths; `wanted` describes the expected form.
pub(crate) fn list<'de, D: Deserializer<'de>>(
    deserializer: D,
    wanted: &str,
) -> Result<Vec<RoutePath>, D::Error> {
    values::list(deserializer, |_, path| RoutePath::parse(path).ok_or_else(|| values::expected(wanted)))
}
