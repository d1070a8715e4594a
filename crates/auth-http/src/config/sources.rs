//! The sources of settings, and their order.
//!
//! Later sources override earlier ones: the embedded `config/default.toml`, the environment's file (that of
//! production is embedded too, in case it is not found), `AUTH__SECTION__KEY` variables, and the plain names
//! that operators often have in their environment already. The plain name `AUTH_SECRET` is used only if no
//! other source sets the same key. An unknown name is an error in every source.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::Path;

use ::config::{File, FileFormat, Map, Source, Value, ValueKind};

use super::error::{Problem, SettingsError};
use super::names::Names;
use super::tree::{find, is_empty, join};

/// The settings reference: every key with its default and its meaning.
pub const DEFAULT_TOML: &str = include_str!("../../../../config/default.toml");

/// The environment whose file is embedded, because an installed binary may run from any folder.
const PRODUCTION: &str = "production";
const PRODUCTION_TOML: &str = include_str!("../../../../config/production.toml");

const PREFIX: &str = "AUTH__";

/// Common variable names, and the key that each one sets.
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

/// Names that are used only if no other source sets the same key, as in Better Auth.
const FALLBACK_NAMES: [(&str, &str); 1] = [("AUTH_SECRET", "security.secret")];

/// The only key whose plain name adds to the list instead of replacing it, as in Better Auth.
const ADDED: &str = "security.trusted_origins";

/// The environment variables with which the server was started.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// Reads the variables of the process.
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

    /// Sets one variable, instead of the process's own.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    fn text(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        self.0
            .get(name)
            .map(|value| value.to_str().ok_or_else(|| SettingsError::expected(name, "text in UTF-8")))
            .transpose()
    }
}

/// Combines all sources into one tree, which contains every key of `default.toml`. Each value that is not a
/// default carries its origin.
pub(super) fn merge(environment: &Environment) -> Result<Map<String, Value>, SettingsError> {
    let mut merged = read_toml("config/default.toml", DEFAULT_TOML)?;
    let names = Names::of(&merged);
    if let Some((path, text)) = environment_file(environment)? {
        let file = read_toml(&path, &text)?;
        lay(&mut merged, file, "", &path, &names)?;
    }
    for name in environment.0.keys() {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        let text = environment.text(name)?.unwrap_or_default();
        set(&mut merged, &key, text.into(), name, &names)
            .map_err(|error| in_words_of_variables(error, name))?;
    }
    for (name, key) in PLAIN_NAMES.iter().filter(|(_, key)| !key.is_empty()) {
        if let Some(text) = environment.text(name)? {
            let value = if *key == ADDED { added(find(&merged, key), text) } else { text.into() };
            set(&mut merged, key, value, name, &names)?;
        }
    }
    for (name, key) in FALLBACK_NAMES {
        let is_set = |key: &str| find(&merged, key).is_some_and(|value| !is_empty(value));
        let is_set = is_set(key) || is_set(&format!("{key}_file"));
        if let Some(text) = environment.text(name)?.filter(|text| !text.is_empty() && !is_set) {
            set(&mut merged, key, text.into(), name, &names)?;
        }
    }
    Ok(merged)
}

/// Overrides the present values with those of one source.
fn lay(
    under: &mut Map<String, Value>,
    over: Map<String, Value>,
    path: &str,
    origin: &str,
    names: &Names,
) -> Result<(), SettingsError> {
    for (name, value) in over {
        let key = join(path, &name);
        let is_open = names.is_open(&key);
        match (under.get_mut(&name).map(|slot| &mut slot.kind), value.kind) {
            (Some(ValueKind::Table(under)), ValueKind::Table(over)) => lay(under, over, &key, origin, names)?,
            (Some(ValueKind::Table(_)), _) if !is_open => {
                let expected = format!("a section, such as [{key}]");
                let error = SettingsError::expected(key, expected);
                return Err(SettingsError { origin: Some(origin.to_owned()), ..error });
            }
            (Some(_), kind @ ValueKind::Table(_)) | (None, kind) if !is_open => {
                return Err(names.unknown(key, kind, origin));
            }
            (_, kind) => {
                under.insert(name, from(origin, kind));
            }
        }
    }
    Ok(())
}

/// Overrides one of the present values.
fn set(
    merged: &mut Map<String, Value>,
    key: &str,
    kind: ValueKind,
    origin: &str,
    names: &Names,
) -> Result<(), SettingsError> {
    let mut segments = key.rsplit('.');
    let last = segments.next().unwrap_or_default().to_owned();
    let leaf = Map::from_iter([(last, Value::new(None, kind))]);
    let whole =
        segments.fold(leaf, |inner, name| Map::from_iter([(name.to_owned(), Value::new(None, inner))]));
    lay(merged, whole, "", origin, names)
}

/// Sets the origin of a value and of everything inside it.
fn from(origin: &str, kind: ValueKind) -> Value {
    let kind = match kind {
        ValueKind::Table(table) => {
            let entries = table.into_iter().map(|(name, value)| (name, from(origin, value.kind)));
            ValueKind::Table(entries.collect())
        }
        other => other,
    };
    Value::new(Some(&origin.to_owned()), kind)
}

/// Rewrites an error about an unknown key, so that the key and the suggestion are names of variables.
fn in_words_of_variables(error: SettingsError, name: &str) -> SettingsError {
    match error.problem {
        Problem::Unknown { nearest } => {
            let variable = |key: String| format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase());
            SettingsError::new(name, Problem::Unknown { nearest: nearest.map(variable) })
        }
        problem => SettingsError { problem, ..error },
    }
}

fn added(present: Option<&Value>, text: &str) -> ValueKind {
    let mut all = match present.map(|value| &value.kind) {
        Some(ValueKind::Array(items)) => items.clone(),
        Some(ValueKind::String(list)) => vec![Value::new(None, list.as_str())],
        _ => Vec::new(),
    };
    all.extend(text.split(',').map(|item| Value::new(None, item)));
    ValueKind::Array(all)
}

/// Finds the environment's file, and its name for messages. `AUTH_CONFIG` is a path; `AUTH_ENV` is the name
/// in `config/<name>.toml`.
fn environment_file(environment: &Environment) -> Result<Option<(String, String)>, SettingsError> {
    let (name, path) = match (environment.text("AUTH_CONFIG")?, environment.text("AUTH_ENV")?) {
        (Some(path), _) if !path.is_empty() => ("AUTH_CONFIG", path.to_owned()),
        (_, Some(env)) if !env.is_empty() => ("AUTH_ENV", format!("config/{env}.toml")),
        _ => return Ok(None),
    };
    // The file of a given path must exist. Only the name `production` also stands for an embedded file.
    let built_in = name == "AUTH_ENV" && environment.text(name)? == Some(PRODUCTION);
    match std::fs::read_to_string(Path::new(&path)) {
        Ok(text) => Ok(Some((path, text))),
        Err(cause) if built_in && matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Some((format!("{PRODUCTION}.toml (built in)"), PRODUCTION_TOML.to_owned())))
        }
        Err(cause) => Err(SettingsError::new(name, Problem::Unreadable { path, cause })),
    }
}

/// Parses a TOML file and keeps the order of its keys.
fn read_toml(path: &str, text: &str) -> Result<Map<String, Value>, SettingsError> {
    File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| SettingsError::new(path, Problem::Syntax { place: place(&error.to_string()) }))
}

/// Extracts ` at line N, column M` from a parser's message. The rest of the message quotes the file.
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
