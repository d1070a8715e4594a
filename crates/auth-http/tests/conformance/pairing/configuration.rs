//! One description per configuration, for both servers: Better Auth's options, and the settings that mean the same here.

use std::path::PathBuf;
use std::sync::LazyLock;

use auth_store::IdKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::ours;

/// Where the data of the suite lies.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Reads one of the suite's files.
pub(crate) fn load<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A row of `configurations.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configuration {
    pub(crate) name: String,
    /// Half a sentence for the documentation.
    pub(crate) about: String,
    /// Options of Better Auth, laid over those of `node/options.mjs`.
    #[serde(default)]
    pub(crate) options: Value,
    /// Plugins of Better Auth with their options.
    #[serde(default)]
    pub(crate) plugins: Map<String, Value>,
    /// Settings of this server that mean the same, laid over [`better_auths_answers`].
    #[serde(default)]
    settings: Value,
    /// Settings that the steps need here and that Better Auth has no option for; the documentation tells of them.
    #[serde(default)]
    pub(crate) settings_of_its_own: Value,
    /// Whether passwords cost what they cost in production: Better Auth's scrypt there, `settings` here.
    #[serde(default)]
    pub(crate) real_hashes: bool,
    /// The public address, where it is not the one that the server listens on; beside a list of hosts in `options` it is
    /// the fallback, and without it there is none.
    pub(crate) base_url: Option<String>,
    /// Versions of secrets, the current one first; each gets a random secret. None: a single secret.
    #[serde(default)]
    pub(crate) secret_versions: Vec<u64>,
    /// Whether the database needs columns or tables that only these settings ask for.
    #[serde(default)]
    pub(crate) migrate: bool,
    /// Why the steps of one browser cannot alternate between the servers: what they keep in memory is not shared.
    pub(crate) apart: Option<String>,
}

/// All configurations, in the order of the file.
pub(crate) static ALL: LazyLock<Vec<Configuration>> = LazyLock::new(|| load("configurations.json"));

impl Configuration {
    pub(crate) fn named(name: &str) -> &'static Self {
        ALL.iter().find(|it| it.name == name).unwrap_or_else(|| panic!("no configuration called {name:?}"))
    }

    /// The settings file of this server, as TOML.
    pub(crate) fn settings_file(&self) -> String {
        let mut settings = better_auths_answers(self.real_hashes);
        lay_over(&mut settings, &self.settings);
        lay_over(&mut settings, &self.settings_of_its_own);
        let sections = settings.as_object().expect("sections");
        sections.iter().map(|(name, section)| format!("{name} = {}\n", toml(section))).collect()
    }

    /// How the tables keep ids.
    pub(crate) fn ids(&self) -> IdKind {
        let generate_id = &self.options["advanced"]["database"]["generateId"];
        IdKind::ALL.into_iter().find(|ids| generate_id == ids.name()).unwrap_or_default()
    }

    /// Whether the tables are not as Better Auth makes them by default: they are made for this configuration.
    pub(crate) fn has_tables_of_its_own(&self) -> bool {
        self.settings["database"].is_object()
    }

    /// Whether `baseURL` of `options` lists hosts.
    pub(crate) fn is_by_host(&self) -> bool {
        self.options["baseURL"].is_object()
    }

    /// The name as part of a file name.
    pub(crate) fn slug(&self) -> String {
        self.name.replace(' ', "-").replace(',', "")
    }
}

/// [`ours::BETTER_AUTHS_ANSWERS`] in the form of the file, so that a configuration can say otherwise, and
/// [`ours::CHEAP_HASHES`] unless hashes are to be `real`.
fn better_auths_answers(real_hashes: bool) -> Value {
    let hashes: &[_] = if real_hashes { &[] } else { &ours::CHEAP_HASHES };
    let mut settings = json!({});
    for (name, value) in ours::BETTER_AUTHS_ANSWERS.iter().chain(hashes) {
        let slot = key(name).split('.').fold(&mut settings, |at, part| {
            if at.is_null() {
                *at = json!({});
            }
            &mut at[part]
        });
        *slot = typed(value);
    }
    settings
}

/// The setting that an environment variable is for: `AUTH__SESSION__EXPIRES_IN` is for `session.expires_in`.
fn key(variable: &str) -> String {
    variable.trim_start_matches("AUTH__").to_ascii_lowercase().replace("__", ".")
}

/// A variable's value as a file has it.
fn typed(value: &str) -> Value {
    let parsed: Option<Value> = serde_json::from_str(value).ok();
    parsed.filter(|it| it.is_number() || it.is_boolean()).unwrap_or_else(|| json!(value))
}

/// Settings given as environment variables, in the words of a settings file.
pub(crate) fn in_words(variables: &[(&str, &str)]) -> String {
    let settings = variables.iter().map(|(name, value)| format!("`{} = {}`", key(name), typed(value)));
    settings.collect::<Vec<_>>().join(", ")
}

/// The members of nested objects: `` `server.head_limit = 65536` ``.
pub(crate) fn flattened(settings: &Value) -> Vec<String> {
    fn walk(at: &Value, path: &str, out: &mut Vec<String>) {
        match at {
            Value::Null => {}
            Value::Object(members) => {
                for (name, value) in members {
                    walk(value, &format!("{path}.{name}"), out);
                }
            }
            value => out.push(format!("`{} = {value}`", path.trim_start_matches('.'))),
        }
    }
    let mut out = Vec::new();
    walk(settings, "", &mut out);
    out
}

fn lay_over(under: &mut Value, over: &Value) {
    match (under, over) {
        (_, Value::Null) => {}
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                lay_over(under.entry(name).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

/// A JSON value as an inline TOML value; TOML reads JSON's texts, numbers and lists as they are.
fn toml(value: &Value) -> String {
    let table = |members: &Map<String, Value>| {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("{} = {}", json!(name), toml(value))).collect();
        format!("{{ {} }}", members.join(", "))
    };
    match value {
        Value::Object(members) => table(members),
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
