//! The tree of settings: tables of values that have full names, such as `server.port`.

use ::config::{Map, Value, ValueKind};

/// Returns the full name of a key in a table.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Whether a value is an empty text, which means that it is not set.
pub(super) fn is_empty(value: &Value) -> bool {
    matches!(&value.kind, ValueKind::String(text) if text.is_empty())
}

/// Finds a value by its full name. Names of tables may contain dots.
pub(super) fn find<'t>(table: &'t Map<String, Value>, key: &str) -> Option<&'t Value> {
    table.iter().find_map(|(name, value)| match (key.strip_prefix(name.as_str())?, &value.kind) {
        ("", _) => Some(value),
        (rest, ValueKind::Table(inner)) => find(inner, rest.strip_prefix('.')?),
        _ => None,
    })
}

/// Visits all values that are not tables, with their full names.
pub(super) fn flatten<'t>(
    path: &str,
    table: &'t Map<String, Value>,
    each: &mut impl FnMut(String, &'t Value),
) {
    for (name, value) in table {
        let key = join(path, name);
        match &value.kind {
            ValueKind::Table(inner) => flatten(&key, inner, each),
            _ => each(key, value),
        }
    }
}
