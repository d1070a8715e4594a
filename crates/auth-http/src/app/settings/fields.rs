//! `[user.additional_fields.<name>]` and `[session.additional_fields.<name>]`: additional fields of users and
//! sessions (core §11.10).

use auth_core::{
    AdditionalFields, DeclarationProblem, FieldDeclaration, FieldKind, FieldOwner, FieldValue, Visibility,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::config::{Section, SettingsError, values};

/// The additional fields of users.
#[derive(Clone, Debug)]
pub(crate) struct UserFields(pub(crate) AdditionalFields);

/// The additional fields of sessions.
#[derive(Clone, Debug)]
pub(crate) struct SessionFields(pub(crate) AdditionalFields);

/// Declarations with the names of their fields. `default.toml` explains their keys.
#[derive(Debug)]
pub(crate) struct Declarations(Vec<(String, Declaration)>);

/// The keys of a declaration. Only `type` is required. The other defaults are set in the code, because the
/// operator chooses the table names and `default.toml` can show the defaults only as an example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with at least `type`, such as type = \"string\"")]
struct Declaration {
    #[serde(rename = "type", deserialize_with = "kind")]
    kind: FieldKind,
    #[serde(default)]
    bigint: bool,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default, deserialize_with = "present")]
    default: Option<Value>,
    #[serde(default = "yes")]
    input: bool,
    #[serde(default = "yes")]
    returned: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    index: bool,
    #[serde(default, deserialize_with = "present")]
    column: Option<String>,
}

/// Maximum length of a default, in bytes. It is written with every row.
const DEFAULT_MAX: usize = 4096;

impl Section for UserFields {
    const NAME: &'static str = "user.additional_fields";
    type Keys = Declarations;

    fn validate(keys: Declarations) -> Result<Self, SettingsError> {
        keys.of(FieldOwner::User, Self::NAME).map(Self)
    }
}

impl UserFields {
    /// Puts the fields of features before those of the operator. The reference shows them in this order.
    ///
    /// # Errors
    /// A declared field that has the name or the column of a feature's field.
    pub(super) fn after(self, of_features: Vec<FieldDeclaration>) -> Result<AdditionalFields, SettingsError> {
        let same = |field: &FieldDeclaration| {
            of_features.iter().any(|own| own.name == field.name || own.column == field.column)
        };
        if let Some(field) = self.0.iter().find(|field| same(field)) {
            let table = format!("{}.{}", Self::NAME, field.name);
            let reason = "a feature that is on has this field or its column";
            return Err(SettingsError::refused(table, reason, "leave it out, or turn the feature off"));
        }
        let all = of_features.into_iter().chain(self.0.iter().cloned()).collect();
        AdditionalFields::new(FieldOwner::User, all)
            .map_err(|error| refused(Self::NAME, error.problem, error.problem))
    }
}

impl Section for SessionFields {
    const NAME: &'static str = "session.additional_fields";
    type Keys = Declarations;

    fn validate(keys: Declarations) -> Result<Self, SettingsError> {
        keys.of(FieldOwner::Session, Self::NAME).map(Self)
    }
}

impl<'de> Deserialize<'de> for Declarations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::named(deserializer, "tables").map(Self)
    }
}

impl Declarations {
    fn of(self, owner: FieldOwner, section: &str) -> Result<AdditionalFields, SettingsError> {
        let tables: Vec<String> = self.0.iter().map(|(name, _)| format!("{section}.{name}")).collect();
        let fields = self.0.into_iter().zip(&tables).map(|((name, field), table)| field.read(name, table));
        AdditionalFields::new(owner, fields.collect::<Result<_, _>>()?).map_err(|error| {
            let table = tables.get(error.position).map_or(section, String::as_str);
            refused(table, error.problem, error.problem)
        })
    }
}

impl Declaration {
    fn read(self, name: String, table: &str) -> Result<FieldDeclaration, SettingsError> {
        let kind = match (self.kind, self.bigint) {
            (FieldKind::Number, true) => FieldKind::BigNumber,
            (kind, false) => kind,
            (_, true) => {
                let reason = "only a number can be one of 64 bits";
                let way_out = "leave it out, or make the type \"number\"";
                return Err(SettingsError::refused(format!("{table}.bigint"), reason, way_out));
            }
        };
        let read = |value: Value| {
            let value = Some(value).filter(|value| !holds_table(value)).and_then(|value| kind.read(&value));
            value.filter(|value| size(value) <= DEFAULT_MAX).ok_or_else(|| {
                let expected = format!("a {} of at most {DEFAULT_MAX} bytes; json as text", kind.word());
                SettingsError::expected(format!("{table}.default"), expected)
            })
        };
        Ok(FieldDeclaration {
            default: self.default.map(read).transpose()?,
            column: self.column.unwrap_or_else(|| name.clone()),
            name: name.into(),
            kind,
            required: self.required,
            input: self.input,
            visibility: if self.returned { Visibility::Returned } else { Visibility::Hidden },
            unique: self.unique,
            index: self.index,
        })
    }
}

/// Makes the error for a field that cannot be declared. `problem` selects the suggested fix.
pub(super) fn refused(
    table: &str,
    reason: impl std::fmt::Display,
    problem: DeclarationProblem,
) -> SettingsError {
    SettingsError::refused(table, format!("the field cannot be declared so: {reason}"), way_out(problem))
}

fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FieldKind, D::Error> {
    values::word(deserializer, &FieldKind::WORDS)
}

fn yes() -> bool {
    true
}

/// Reads an optional value that is present. An empty text counts as present.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Whether a value is or contains a table. JSON objects must be written as text.
fn holds_table(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(holds_table),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn size(value: &FieldValue) -> usize {
    match value {
        FieldValue::Text(text) => text.len(),
        FieldValue::Json(json) => json.as_str().len(),
        _ => 0,
    }
}

fn way_out(problem: DeclarationProblem) -> &'static str {
    match problem {
        DeclarationProblem::NoIdentifier(_) | DeclarationProblem::Reserved(_) => "choose another name",
        DeclarationProblem::ColumnTaken => "give one of the two another `column`",
        DeclarationProblem::NobodyCanSet => "give it a `default`, or say required = false",
        DeclarationProblem::UniqueDefault => "leave out `default` or `unique`",
        DeclarationProblem::NotIndexable => "leave out `unique` and `index`",
    }
}

#[cfg(test)]
mod tests;
