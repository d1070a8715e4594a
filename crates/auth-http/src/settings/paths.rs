//! Lists of paths below the base path.

use super::error::{Problem, SettingsError};
use super::reader::Reader;
use crate::config::route_path::RoutePath;
use crate::route_names::RouteNames;

/// Reads a list of paths; an entry that no request could have is refused.
pub(super) fn read(
    reader: &Reader,
    key: &str,
    base_path: &str,
    expected: &str,
) -> Result<Vec<RoutePath>, SettingsError> {
    let paths: Option<Vec<_>> = reader.list(key)?.iter().map(|path| RoutePath::parse(path)).collect();
    let paths = paths.ok_or_else(|| reader.expected(key, expected))?;
    match paths.iter().position(|path| path.has_base(base_path)) {
        None => Ok(paths),
        Some(index) => {
            let reason = format!("entry {} begins with the base path and would match no request", index + 1);
            let way_out = "write what comes after the base path, such as \"/sign-in/email\"";
            Err(reader.problem(key, Problem::Refused { reason, way_out }))
        }
    }
}

/// Warns of each path that is no route of this server.
pub(super) fn unknown(key: &str, paths: &[RoutePath], names: &RouteNames) -> Vec<String> {
    let unknown = paths.iter().filter(|path| !names.has(path.as_str()));
    unknown.map(|path| format!("{key} names {}, which is no route of this server", path.as_str())).collect()
}
