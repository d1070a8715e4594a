//! Reads sections from the combined sources, and lists the resolved keys.

use ::config::{Map, Value, ValueKind};
use serde::de::{Deserialize, DeserializeOwned};

use super::deserialize::{Failure, Node};
use super::error::SettingsError;
use super::reads::{Read, Reads};
use super::sources::{self, Environment};
use super::tree::{find, flatten, is_empty};

/// A section of the settings.
pub(crate) trait Section: Sized {
    /// Name of its table, such as `rate_limit`.
    const NAME: &'static str;

    /// Tables inside it that are separate sections.
    const APART: &'static [&'static str] = &[];

    /// Its keys, each read by its type.
    type Keys: DeserializeOwned;

    /// Checks the keys against each other and builds the settings from them.
    ///
    /// # Errors
    /// A key, by its full name, that contradicts the others.
    fn validate(keys: Self::Keys) -> Result<Self, SettingsError>;
}

/// All sources combined, ready to be read section by section.
#[derive(Debug)]
pub(crate) struct Loader {
    root: Map<String, Value>,
    reads: Reads,
}

/// One resolved key, safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveKey {
    /// Full name, such as `server.port`.
    pub key: String,
    /// Value as text; secrets show as `(set)` or `(not set)`.
    pub shown: String,
    /// Source of the value: a file's path or a variable's name; `None` for the default.
    pub origin: Option<String>,
}

impl Loader {
    /// Combines the sources.
    ///
    /// # Errors
    /// A source that cannot be read, or an unknown key.
    pub(crate) fn new(environment: &Environment) -> Result<Self, SettingsError> {
        Ok(Self { root: sources::merge(environment)?, reads: Reads::default() })
    }

    /// Reads and checks one section.
    ///
    /// # Errors
    /// The first key that cannot be read as its type or contradicts the others, with its source.
    pub(crate) fn section<S: Section>(&self) -> Result<S, SettingsError> {
        let mut table = match find(&self.root, S::NAME).map(|value| &value.kind) {
            Some(ValueKind::Table(table)) => table.clone(),
            _ => Map::new(),
        };
        table.retain(|name, _| !S::APART.contains(&name.as_str()));
        let value = Value::new(None, table);
        let node = Node { reads: &self.reads, key: S::NAME.to_owned(), value: &value, file: None };
        let keys = S::Keys::deserialize(node).map_err(|failure: Failure| failure.at(S::NAME).into());
        keys.and_then(S::validate).map_err(|error| self.with_origin(error))
    }

    /// Adds the source of the value that an error is about.
    pub(crate) fn with_origin(&self, error: SettingsError) -> SettingsError {
        let origin = find(&self.root, &error.key).and_then(Value::origin).map(str::to_owned);
        SettingsError { origin: error.origin.or(origin), ..error }
    }

    /// Lists all keys for display, sorted by name. The value of a key that no section has read yet is not
    /// shown.
    pub(crate) fn effective(&self) -> Vec<EffectiveKey> {
        let mut keys = Vec::new();
        flatten("", &self.root, &mut |key, value| {
            keys.push(EffectiveKey {
                shown: match self.reads.of(&key) {
                    Some(Read::Plain) => shown(value),
                    Some(Read::Secret) if is_empty(value) => "(not set)".to_owned(),
                    Some(Read::Secret) => "(set)".to_owned(),
                    None => "(not read)".to_owned(),
                },
                origin: value.origin().map(str::to_owned),
                key,
            });
        });
        keys.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        keys
    }
}

fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::String(text) => format!("\"{}\"", text.escape_debug()),
        ValueKind::Array(items) => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn r_110_a_value_whose_type_is_not_known_yet_is_not_shown() {
        let environment = Environment::default().with("DATABASE_URL", "postgres://canary@localhost/none");
        let keys = Loader::new(&environment).unwrap().effective();
        assert!(!keys.is_empty() && keys.iter().all(|key| key.shown == "(not read)"));
    }
}
