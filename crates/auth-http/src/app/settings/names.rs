//! `[database.names.<table>]`: the database's names for the tables and columns of Better Auth (`modelName`
//! and `fields` of its options).

use auth_store::{NameProblem, TableNames};
use serde::{Deserialize, Deserializer};

use crate::app::plugins::better_auth_names;
use crate::config::{Section, SettingsError, values};

/// The names that a database uses instead of Better Auth's.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseNames(pub(crate) TableNames);

/// The tables of the section, under Better Auth's names. `default.toml` explains their keys.
#[derive(Debug)]
pub(crate) struct Keys(Vec<(String, Table)>);

/// The keys and names of one table.
#[derive(Debug)]
struct Table(Vec<(String, String)>);

/// Key for the name of the table itself. All other keys are fields; no table has a field of that name.
const TABLE: &str = "table";

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::named(deserializer, "tables").map(Self)
    }
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::named(deserializer, "a table such as { table = \"users\" }").map(Self)
    }
}

impl Section for DatabaseNames {
    const NAME: &'static str = "database.names";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        let mut names = better_auth_names();
        for (table, Table(keys)) in &keys.0 {
            for (key, name) in keys {
                let called = match key.as_str() {
                    TABLE => names.call_table(table, name),
                    field => names.call_column(table, field, name),
                };
                called.map_err(|problem| refused(&format!("{}.{table}.{key}", Self::NAME), &problem))?;
            }
        }
        names.check().map_err(|problem| refused(Self::NAME, &problem))?;
        Ok(Self(names))
    }
}

fn refused(key: &str, problem: &NameProblem) -> SettingsError {
    let way_out = match problem {
        NameProblem::UnknownTable { .. } | NameProblem::UnknownField { .. } => "write it as Better Auth does",
        NameProblem::NoIdentifier | NameProblem::TooLong(_) | NameProblem::Taken(_) => "choose another name",
    };
    SettingsError::refused(key, problem, way_out)
}

#[cfg(test)]
mod tests;
