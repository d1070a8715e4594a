//! Where settings come from, and which source wins.
//!
//! Later wins: the embedded `config/default.toml`, the environment's file (production's is embedded too, for where it is
//! not found), `AUTH__SECTION__KEY` variables, and the plain names that people have in their environment already; one of
//! them, `AUTH_SECRET`, counts only where no other source says what it says. A name that no setting has is an error in
//! every source.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use config::{Config, File, FileFormat, Map, Source, Value, ValueKind};

use super::error::{Problem, SettingsError};

/// The settings reference: every key with its default and what it means.
pub const DEFAULT_TOML: &str = include_str!("../../../../config/default.toml");

/// The environment's file of this name, for where there is no such file: an installed binary runs from any folder.
const PRODUCTION: &str = "production";
const PRODUCTION_TOML: &str = include_str!("../../../../config/production.toml");

const PREFIX: &str = "AUTH__";

/// Names of the wider world, and the key each one sets.
const PLAIN_NAMES: [(&str, &str); 13] = [
    ("DATABASE_URL", "database.url"),
    ("DATABASE_URL_FILE", "database.url_file"),
    ("DATABASE_URL_UNPOOLED", "database.direct_url"),
    ("DATABASE_URL_UNPOOLED_FILE", "database.direct_url_file"),
    ("BETTER_AUTH_SECRET", "security.secret"),
    ("BETTER_AUTH_SECRET_FILE", "security.secret_file"),
    ("BETTER_AUTH_SECRETS", "security.secrets"),
    ("BETTER_AUTH_SECRETS_FILE", "security.secrets_file"),
    ("BETTER_AUTH_URL", "server.base_url"),
    ("BETTER_AUTH_TRUSTED_ORIGINS", "security.trusted_origins"),
    ("PORT", "server.port"),
    ("AUTH_ENV", ""),
    ("AUTH_CONFIG", ""),
];

/// Names that count where nothing else says what they say, as in Better Auth.
const FALLBACK_NAMES: [(&str, &str); 1] = [("AUTH_SECRET", "security.secret")];

/// Sections whose tables the operator names: each entry of `default.toml` stands for as many as there are.
pub(super) const NAMED_TABLES: [&str; 3] =
    ["user.additional_fields", "session.additional_fields", "database.names"];

/// The one key whose plain name adds to the list instead of replacing it, as in Better Auth.
const ADDED: &str = "security.trusted_origins";

/// The variables that the server was started with.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Takes the process's own variables.
    pub fn from_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .filter(|(name, _)| {
                    let mut plain = PLAIN_NAMES.iter().chain(&FALLBACK_NAMES);
                    name.starts_with(PREFIX) || plain.any(|(plain, _)| plain == name)
                })
                .collect(),
        )
    }

    /// Sets one variable, in place of the process's own.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    fn text(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        self.0
            .get(name)
            .map(|value| {
                value.to_str().ok_or_else(|| {
                    SettingsError::new(name, None, Problem::Expected { expected: "text in UTF-8".to_owned() })
                })
            })
            .transpose()
    }
}

/// One key's value and where it came from.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) value: Value,
    pub(super) origin: Option<String>,
    /// Place among the keys, as the sources gave them; for tables whose order means something.
    pub(super) position: usize,
}

/// Combines all sources into one value per key of `default.toml`.
pub(super) fn merge(environment: &Environment) -> Result<BTreeMap<String, Resolved>, SettingsError> {
    let defaults = read_toml("config/default.toml", DEFAULT_TOML)?;
    let mut merged: BTreeMap<String, Resolved> = defaults
        .into_iter()
        .enumerate()
        .map(|(position, (key, value))| (key, Resolved { value, origin: None, position }))
        .collect();

    if let Some((path, text)) = environment_file(environment)? {
        for (key, value) in read_toml(&path, &text)? {
            replace(&mut merged, &key, value, &path)?;
        }
    }
    for name in environment.0.keys().filter(|name| name.starts_with(PREFIX)) {
        let key = name.trim_start_matches(PREFIX).to_ascii_lowercase().replace("__", ".");
        let text = environment.text(name)?.unwrap_or_default();
        replace(&mut merged, &key, Value::new(None, text), name).map_err(|error| SettingsError {
            key: name.clone(),
            origin: None,
            ..error
        })?;
    }
    for (name, key) in PLAIN_NAMES.iter().filter(|(_, key)| !key.is_empty()) {
        if let Some(text) = environment.text(name)? {
            let value = if *key == ADDED { added(merged.get(*key), text) } else { Value::new(None, text) };
            replace(&mut merged, key, value, name)?;
        }
    }
    for (name, key) in FALLBACK_NAMES {
        let is_set = is_set(&merged, key) || is_set(&merged, &format!("{key}_file"));
        if let Some(text) = environment.text(name)?.filter(|text| !text.is_empty() && !is_set) {
            replace(&mut merged, key, Value::new(None, text), name)?;
        }
    }
    Ok(merged)
}

fn is_set(merged: &BTreeMap<String, Resolved>, key: &str) -> bool {
    let is_empty = |value: &Value| matches!(&value.kind, ValueKind::String(text) if text.is_empty());
    merged.get(key).is_some_and(|resolved| !is_empty(&resolved.value))
}

fn replace(
    merged: &mut BTreeMap<String, Resolved>,
    key: &str,
    value: Value,
    origin: &str,
) -> Result<(), SettingsError> {
    let origin_text = Some(origin.to_owned());
    let next = merged.len();
    match merged.get_mut(key) {
        Some(slot) => {
            *slot = Resolved { value, origin: origin_text, position: slot.position };
            Ok(())
        }
        None if is_in_named_table(key) => {
            merged.insert(key.to_owned(), Resolved { value, origin: origin_text, position: next });
            Ok(())
        }
        None => Err(SettingsError::new(key, Some(origin), Problem::Unknown)),
    }
}

/// Tells whether a key is, or is in, a table that the operator named.
fn is_in_named_table(key: &str) -> bool {
    let below = |section| key.strip_prefix(section).is_some_and(|rest: &str| rest.starts_with('.'));
    NAMED_TABLES.into_iter().any(below)
}

fn added(present: Option<&Resolved>, text: &str) -> Value {
    let mut all = match present.map(|resolved| &resolved.value.kind) {
        Some(ValueKind::Array(items)) => items.clone(),
        Some(ValueKind::String(list)) => vec![Value::new(None, list.as_str())],
        _ => Vec::new(),
    };
    all.extend(text.split(',').map(|item| Value::new(None, item)));
    Value::new(None, ValueKind::Array(all))
}

/// Finds the environment's file and what to call it: `AUTH_CONFIG` is a path, `AUTH_ENV` a name of `config/<name>.toml`.
fn environment_file(environment: &Environment) -> Result<Option<(String, String)>, SettingsError> {
    let (name, path) = match (environment.text("AUTH_CONFIG")?, environment.text("AUTH_ENV")?) {
        (Some(path), _) if !path.is_empty() => ("AUTH_CONFIG", path.to_owned()),
        (_, Some(env)) if !env.is_empty() => ("AUTH_ENV", format!("config/{env}.toml")),
        _ => return Ok(None),
    };
    // A path that was asked for is there or wrong; only a name stands for something built in, too.
    let built_in = name == "AUTH_ENV" && environment.text(name)? == Some(PRODUCTION);
    match std::fs::read_to_string(Path::new(&path)) {
        Ok(text) => Ok(Some((path, text))),
        Err(cause) if built_in && matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Some((format!("{PRODUCTION}.toml (built in)"), PRODUCTION_TOML.to_owned())))
        }
        Err(cause) => Err(SettingsError::new(name, None, Problem::Unreadable { path, cause })),
    }
}

/// Reads a file into keys and values, in the order in which they stand there.
fn read_toml(path: &str, text: &str) -> Result<Vec<(String, Value)>, SettingsError> {
    let table = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(|file| file.collect())
        .map_err(|error| {
            SettingsError::new(path, None, Problem::Syntax { place: place(&error.to_string()) })
        })?;
    let mut keys = Vec::new();
    flatten("", table, &mut keys);
    Ok(keys)
}

/// Keeps ` at line N, column M` of a parser's message: the rest quotes the file.
fn place(message: &str) -> String {
    let after = |word: &str| {
        let (_, rest) = message.split_once(word)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    match (after("at line "), after(", column ")) {
        (Some(line), Some(column)) => format!(" at line {line}, column {column}"),
        _ => String::new(),
    }
}

fn flatten(prefix: &str, table: Map<String, Value>, into: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value.kind {
            // An empty one that somebody named is not the same as none.
            ValueKind::Table(inner) if !inner.is_empty() || !is_in_named_table(&key) => {
                flatten(&key, inner, into)
            }
            _ => into.push((key, value)),
        }
    }
}
