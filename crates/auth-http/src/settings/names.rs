//! `[database.names.<table>]`: what the database calls the tables and columns of Better Auth (`modelName` and `fields`
//! of its options).

use auth_store::{NameProblem, TableNames};

use super::error::{Problem, SettingsError};
use super::reader::Reader;

/// Section of the names; `default.toml` says what its keys mean.
const SECTION: &str = "database.names";

/// Key of a table's own name; all others are fields. No table has a field of that name.
const TABLE: &str = "table";

pub(super) fn read(reader: &Reader) -> Result<TableNames, SettingsError> {
    let mut names = TableNames::default();
    for table in reader.named_tables(SECTION) {
        let section = format!("{SECTION}.{table}");
        if reader.has(&section) {
            return Err(reader.expected(&section, "a table such as { table = \"users\" }"));
        }
        for key in reader.keys_of(&section) {
            let place = format!("{section}.{key}");
            let name = reader.text(&place)?;
            let called = match key {
                TABLE => names.call_table(&table, &name),
                field => names.call_column(&table, field, &name),
            };
            called.map_err(|problem| refused(reader, &place, &problem))?;
        }
    }
    names.check().map_err(|problem| refused(reader, SECTION, &problem))?;
    Ok(names)
}

fn refused(reader: &Reader, key: &str, problem: &NameProblem) -> SettingsError {
    let way_out = match problem {
        NameProblem::UnknownTable | NameProblem::UnknownField(_) => "write it as Better Auth does",
        _ => "choose another name",
    };
    reader.problem(key, Problem::Refused { reason: problem.to_string(), way_out })
}

#[cfg(test)]
mod tests;
