//! Reads keys as the types they should have, and says which key it was when one does not fit.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_core::Secret;
use config::{Value, ValueKind};

use super::error::{Problem, SettingsError};
use super::sources::Resolved;
use super::{EffectiveKey, span};

/// Keys whose value must not be shown.
const SECRET_KEYS: [&str; 4] = ["security.secret", "security.secrets", "database.url", "database.direct_url"];

/// All keys with their values, ready to be read by type.
#[derive(Debug)]
pub(super) struct Reader(BTreeMap<String, Resolved>);

impl Reader {
    pub(super) fn new(keys: BTreeMap<String, Resolved>) -> Self {
        Self(keys)
    }

    /// Lists the tables that the operator named in a section, in the order in which they came.
    pub(super) fn named_tables(&self, section: &str) -> Vec<String> {
        let prefix = format!("{section}.");
        let mut tables: Vec<(usize, &str)> = Vec::new();
        for (key, resolved) in self.0.iter() {
            let Some(rest) = key.strip_prefix(&prefix) else { continue };
            // A name may hold dots, the keys of a table hold none; a value without a table is its own key.
            let name = match &resolved.value.kind {
                ValueKind::Table(_) => rest,
                _ => rest.rsplit_once('.').map_or(rest, |(name, _)| name),
            };
            match tables.iter_mut().find(|(_, other)| *other == name) {
                Some((position, _)) => *position = resolved.position.min(*position),
                None => tables.push((resolved.position, name)),
            }
        }
        tables.sort_unstable();
        tables.into_iter().map(|(_, name)| name.to_owned()).collect()
    }

    /// Lists the keys that stand in a table, without its name.
    pub(super) fn keys_of(&self, table: &str) -> Vec<&str> {
        let prefix = format!("{table}.");
        self.0.keys().filter_map(|key| key.strip_prefix(&prefix)).collect()
    }

    /// Tells whether a key has a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Gives a value as JSON; `None` for a kind that JSON lacks.
    pub(super) fn json(&self, key: &str) -> Result<Option<serde_json::Value>, SettingsError> {
        self.value(key).map(to_json)
    }

    /// Reads a text; empty is empty.
    pub(super) fn text(&self, key: &str) -> Result<String, SettingsError> {
        match &self.value(key)?.kind {
            ValueKind::String(text) => Ok(text.clone()),
            _ => Err(self.expected(key, "a text in quotes")),
        }
    }

    /// Reads a text that may be absent; empty is absent.
    pub(super) fn optional_text(&self, key: &str) -> Result<Option<String>, SettingsError> {
        self.text(key).map(|text| Some(text).filter(|text| !text.is_empty()))
    }

    /// Reads `true` or `false`.
    pub(super) fn switch(&self, key: &str) -> Result<bool, SettingsError> {
        match &self.value(key)?.kind {
            ValueKind::Boolean(on) => Ok(*on),
            ValueKind::String(text) if text == "true" => Ok(true),
            ValueKind::String(text) if text == "false" => Ok(false),
            _ => Err(self.expected(key, "true or false")),
        }
    }

    /// Reads `true` or `false`, or an empty text for neither.
    pub(super) fn optional_switch(&self, key: &str) -> Result<Option<bool>, SettingsError> {
        match &self.value(key)?.kind {
            ValueKind::String(text) if text.is_empty() => Ok(None),
            _ => self.switch(key).map(Some),
        }
    }

    /// Reads a whole number of a range.
    pub(super) fn number<T>(&self, key: &str, range: std::ops::RangeInclusive<T>) -> Result<T, SettingsError>
    where
        T: TryFrom<u64> + PartialOrd + Copy + std::fmt::Display,
    {
        let number = match &self.value(key)?.kind {
            ValueKind::I64(number) => u64::try_from(*number).ok(),
            ValueKind::U64(number) => Some(*number),
            ValueKind::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        number.and_then(|number| T::try_from(number).ok()).filter(|number| range.contains(number)).ok_or_else(
            || self.expected(key, &format!("a whole number from {} to {}", range.start(), range.end())),
        )
    }

    /// Reads a span of time of a range.
    pub(super) fn span(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<Duration>,
    ) -> Result<Duration, SettingsError> {
        let text = self.text(key).map_err(|_| self.expected(key, SPAN))?;
        let span = span::parse(&text).ok_or_else(|| self.expected(key, SPAN))?;
        if range.contains(&span) {
            Ok(span)
        } else {
            Err(self.expected(key, &format!("a span of time from {:?} to {:?}", range.start(), range.end())))
        }
    }

    /// Reads a list of texts: an array, or one text with commas. Blank items are dropped.
    pub(super) fn list(&self, key: &str) -> Result<Vec<String>, SettingsError> {
        let texts = match &self.value(key)?.kind {
            ValueKind::String(text) => vec![text.clone()],
            ValueKind::Array(items) => items
                .iter()
                .map(|item| match &item.kind {
                    ValueKind::String(text) => Ok(text.clone()),
                    _ => Err(self.expected(key, "a list of texts")),
                })
                .collect::<Result<_, _>>()?,
            _ => return Err(self.expected(key, "a list of texts")),
        };
        Ok(texts
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect())
    }

    /// Reads one of a few words.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, SettingsError> {
        let text = match &self.value(key)?.kind {
            ValueKind::String(text) => text.clone(),
            ValueKind::Boolean(on) => on.to_string(),
            _ => String::new(),
        };
        choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.expected(key, &format!("one of {}", words.join(", ")))
        })
    }

    /// Reads a secret that stands in `key` or in the file that `<key>_file` names; `None` where neither is
    /// set.
    pub(super) fn secret(&self, key: &str) -> Result<Option<Secret<String>>, SettingsError> {
        let file_key = format!("{key}_file");
        let value = self.optional_text(key)?.map(Secret::new);
        match (value, self.optional_text(&file_key)?) {
            (Some(_), Some(_)) => Err(self.problem(key, Problem::Conflict { other: file_key })),
            (Some(value), None) => Ok(Some(value)),
            (None, None) => Ok(None),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(content) => {
                    let content = Secret::new(content);
                    let text = content.expose();
                    let text = text
                        .strip_suffix('\n')
                        .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
                    if text.is_empty() {
                        return Err(self.expected(&file_key, "a file that is not empty"));
                    }
                    Ok(Some(Secret::new(text.to_owned())))
                }
                Err(cause) => Err(self.problem(&file_key, Problem::Unreadable { path, cause })),
            },
        }
    }

    /// Names the key that a secret came from: `key`, or `<key>_file`.
    pub(super) fn holder(&self, key: &str) -> String {
        match self.optional_text(key) {
            Ok(Some(_)) => key.to_owned(),
            _ => format!("{key}_file"),
        }
    }

    /// Makes the error for a value that is not what it should be.
    pub(super) fn expected(&self, key: &str, expected: &str) -> SettingsError {
        self.problem(key, Problem::Expected { expected: expected.to_owned() })
    }

    /// Makes an error for a key, with its origin.
    pub(super) fn problem(&self, key: &str, problem: Problem) -> SettingsError {
        let origin = self.0.get(key).and_then(|resolved| resolved.origin.as_deref());
        SettingsError::new(key, origin, problem)
    }

    /// Lists all keys for showing.
    pub(super) fn effective(&self) -> Vec<EffectiveKey> {
        self.0
            .iter()
            .map(|(key, resolved)| EffectiveKey {
                key: key.clone(),
                shown: shown(key, &resolved.value),
                origin: resolved.origin.clone(),
            })
            .collect()
    }

    fn value(&self, key: &str) -> Result<&Value, SettingsError> {
        self.0
            .get(key)
            .map(|resolved| &resolved.value)
            .ok_or_else(|| SettingsError::new(key, None, Problem::Unknown))
    }
}

fn to_json(value: &Value) -> Option<serde_json::Value> {
    match &value.kind {
        ValueKind::String(text) => Some(text.as_str().into()),
        ValueKind::Boolean(value) => Some((*value).into()),
        ValueKind::I64(number) => Some((*number).into()),
        ValueKind::U64(number) => Some((*number).into()),
        ValueKind::Float(number) => Some((*number).into()),
        ValueKind::Array(items) => items.iter().map(to_json).collect::<Option<Vec<_>>>().map(Into::into),
        _ => None,
    }
}

const SPAN: &str = "a span of time such as \"15s\", \"10m\", \"1h\" or \"7d\"";

fn shown(key: &str, value: &Value) -> String {
    let empty = matches!(&value.kind, ValueKind::String(text) if text.is_empty());
    match (SECRET_KEYS.contains(&key), &value.kind) {
        (true, _) if empty => "(not set)".to_owned(),
        (true, _) => "(set)".to_owned(),
        (false, ValueKind::String(text)) => format!("\"{}\"", text.escape_debug()),
        (false, ValueKind::Array(items)) => {
            let items: Vec<_> = items.iter().map(|item| shown("", item)).collect();
            format!("[{}]", items.join(", "))
        }
        (false, _) => value.to_string(),
    }
}
