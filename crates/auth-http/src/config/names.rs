//! The names of all settings, and suggestions for misspelt ones.

use ::config::{Map, Value, ValueKind};
use strsim::damerau_levenshtein;

use super::error::{Problem, SettingsError};
use super::tree::{flatten, join};

/// The names of all settings, as `default.toml` has them.
pub(super) struct Names {
    keys: Vec<String>,
    sections: Vec<String>,
    /// Sections in which the operator names the tables; `default.toml` leaves them empty.
    open: Vec<String>,
}

impl Names {
    pub(super) fn of(defaults: &Map<String, Value>) -> Self {
        let mut names = Self { keys: Vec::new(), sections: Vec::new(), open: Vec::new() };
        flatten("", defaults, &mut |key, _| names.keys.push(key));
        names.add_sections("", defaults);
        names
    }

    fn add_sections(&mut self, path: &str, table: &Map<String, Value>) {
        for (name, value) in table {
            let ValueKind::Table(inner) = &value.kind else { continue };
            let key = join(path, name);
            self.add_sections(&key, inner);
            if inner.is_empty() {
                self.open.push(key.clone());
            }
            self.sections.push(key);
        }
    }

    /// Whether a key is a table that the operator names, or is inside one.
    pub(super) fn is_open(&self, key: &str) -> bool {
        let is_below =
            |section: &String| key.strip_prefix(section.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.open.iter().any(is_below)
    }

    /// Creates the error for an unknown key. It suggests the key that may have been meant: the correct
    /// spelling of the key or its section, or the same key in another section.
    pub(super) fn unknown(&self, key: String, kind: ValueKind, origin: &str) -> SettingsError {
        let mut full = key.clone();
        if let ValueKind::Table(table) = &kind {
            let mut keys = Vec::new();
            flatten(&key, table, &mut |key, _| keys.push(key));
            full = keys.into_iter().next().unwrap_or(full);
        }
        let last = |key: &str| key.rsplit('.').next().map(str::to_owned);
        let elsewhere = || {
            let mut same = self.keys.iter().filter(|known| last(known) == last(&full));
            same.next().filter(|_| same.next().is_none()).map(String::as_str)
        };
        let nearest = nearest(&full, self.keys.iter().map(String::as_str))
            .or_else(|| nearest(&key, self.sections.iter().map(String::as_str)))
            .or_else(elsewhere)
            .map(str::to_owned);
        let error = SettingsError::new(full, Problem::Unknown { nearest });
        SettingsError { origin: Some(origin.to_owned()), ..error }
    }
}

/// Finds the known name with the smallest edit distance; `None` if that is more than a third of the name's
/// length.
pub(super) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let name = name.to_ascii_lowercase();
    let distances = known.into_iter().map(|known| (damerau_levenshtein(&name, known), known));
    let (distance, nearest) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance * 3 <= name.chars().count()).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_meant_is_found_and_nothing_far_off_is() {
        let known = ["server.port", "server.host", "session.expires_in", "rate_limit.max"];
        for (name, expected) in [
            ("server.prot", Some("server.port")),
            ("sever.host", Some("server.host")),
            ("session.expiresIn", Some("session.expires_in")),
            ("Session.Expires_In", Some("session.expires_in")),
            ("ratelimit.max", Some("rate_limit.max")),
            ("canary", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
