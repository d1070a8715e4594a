//! `[user.additional_fields.<name>]` and `[session.additional_fields.<name>]`: what users and sessions hold
//! beyond Better Auth's own (core §11.10).

use auth_core::{
    AdditionalFields, DeclarationProblem, DeclaredFields, FieldDeclaration, FieldKind, FieldOwner,
    FieldValue, Visibility,
};

use auth_store::TableNames;

use super::error::{Problem, SettingsError};
use super::reader::Reader;

/// Sections of the declarations; `default.toml` says what their keys mean.
const SECTIONS: [(FieldOwner, &str); 2] =
    [(FieldOwner::User, "user.additional_fields"), (FieldOwner::Session, "session.additional_fields")];

/// Keys of a declaration. All but `type` may be absent: these are the only settings whose defaults
/// `default.toml` can show but not set, since it cannot name the tables.
const KEYS: [&str; 9] =
    ["type", "bigint", "required", "default", "input", "returned", "unique", "index", "column"];

/// Longest default in bytes; it is written with every row.
const DEFAULT_MAX: usize = 4096;

/// Reads the declarations of both sections. No column may be one that the database's names give to Better Auth.
pub(super) fn read(reader: &Reader, database: &TableNames) -> Result<DeclaredFields, SettingsError> {
    let mut declared = DeclaredFields::default();
    for (owner, section) in SECTIONS {
        let names = reader.named_tables(section);
        let tables: Vec<String> = names.iter().map(|name| format!("{section}.{name}")).collect();
        let fields = names.iter().zip(&tables).map(|(name, table)| field(reader, name, table));
        let fields = AdditionalFields::new(owner, fields.collect::<Result<_, _>>()?).map_err(|error| {
            let table = tables.get(error.position).map_or(section, String::as_str);
            let reason = format!("the field cannot be declared so: {}", error.problem);
            reader.problem(table, Problem::Refused { reason, way_out: way_out(error.problem) })
        })?;
        for (field, table) in fields.iter().zip(&tables) {
            if database.has_column(owner_table(owner), &field.column) {
                let reason = "the field cannot be declared so: [database.names] gives its column to another"
                    .to_owned();
                let way_out = way_out(DeclarationProblem::ColumnTaken);
                return Err(reader.problem(table, Problem::Refused { reason, way_out }));
            }
        }
        match owner {
            FieldOwner::User => declared.user = fields,
            FieldOwner::Session => declared.session = fields,
        }
    }
    Ok(declared)
}

/// Gives Better Auth's name of the owner's table.
fn owner_table(owner: FieldOwner) -> &'static str {
    match owner {
        FieldOwner::User => "user",
        FieldOwner::Session => "session",
    }
}

fn field(reader: &Reader, name: &str, table: &str) -> Result<FieldDeclaration, SettingsError> {
    if reader.has(table) {
        return Err(reader.expected(table, "a table with at least `type`, such as type = \"string\""));
    }
    if let Some(unknown) = reader.keys_of(table).into_iter().find(|key| !KEYS.contains(key)) {
        return Err(reader.problem(&format!("{table}.{unknown}"), Problem::Unknown));
    }
    let key = |key: &str| format!("{table}.{key}");
    let switch = |name: &str, default: bool| match key(name) {
        key if reader.has(&key) => reader.switch(&key),
        _ => Ok(default),
    };
    if !reader.has(&key("type")) {
        return Err(reader.problem(&key("type"), Problem::Missing { way_out: "say what the field holds" }));
    }
    let kind = match (reader.choice(&key("type"), &FieldKind::WORDS)?, switch("bigint", false)?) {
        (FieldKind::Number, true) => FieldKind::BigNumber,
        (kind, false) => kind,
        (_, true) => {
            let reason = "only a number can be one of 64 bits".to_owned();
            let way_out = "leave it out, or make the type \"number\"";
            return Err(reader.problem(&key("bigint"), Problem::Refused { reason, way_out }));
        }
    };
    let default = if reader.has(&key("default")) {
        let value = reader.json(&key("default"))?.and_then(|value| kind.read(&value));
        let value = value.filter(|value| size(value) <= DEFAULT_MAX);
        let expected = format!("a {} of at most {DEFAULT_MAX} bytes; json as text", kind.word());
        Some(value.ok_or_else(|| reader.expected(&key("default"), &expected))?)
    } else {
        None
    };
    let column = if reader.has(&key("column")) { reader.text(&key("column"))? } else { name.to_owned() };
    Ok(FieldDeclaration {
        name: name.into(),
        column,
        kind,
        required: switch("required", true)?,
        default,
        input: switch("input", true)?,
        visibility: if switch("returned", true)? { Visibility::Returned } else { Visibility::Hidden },
        unique: switch("unique", false)?,
        index: switch("index", false)?,
    })
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
        _ => "see config/default.toml",
    }
}

#[cfg(test)]
mod tests;
