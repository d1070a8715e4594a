//! Custom names of tables and columns: the options `modelName` and `fields` of Better Auth.
//!
//! Statements and migrations are written with Better Auth's names, and the compiler checks them. If the
//! database has other names, they are replaced in the SQL: once for each SQL text, and not at all if all
//! names are Better Auth's.

mod connection;
mod rename;

use std::collections::{BTreeMap, BTreeSet};

use auth_core::{IDENTIFIER_MAX_BYTES, is_identifier};

pub(crate) use connection::{NamedConnection, Rename};

use crate::tables::{BOOKKEEPING_TABLE, Column, ColumnKind, Part, SIGN_IN_GATES, TableSet};

/// The database's names for the tables and columns of Better Auth. The default is Better Auth's own names.
#[derive(Clone, Debug)]
pub struct TableNames {
    /// The tables and columns that can be renamed, whether or not their features are enabled.
    known: TableSet,
    /// Parts whose columns are fields that features declare. If such a field keeps its name, another column
    /// may have that name too, because the feature may be disabled.
    fields_of_features: Vec<&'static Part>,
    /// Renamed tables, by Better Auth's name.
    tables: BTreeMap<&'static str, String>,
    /// Renamed columns, by Better Auth's names of table and field.
    columns: BTreeMap<(&'static str, &'static str), String>,
}

/// Why a name was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameProblem {
    /// Better Auth has no such table.
    #[error("Better Auth has no table of that name, but {}", known.join(", "))]
    UnknownTable {
        /// The tables that can be renamed.
        known: Vec<&'static str>,
    },
    /// The table has no such field.
    #[error("\"{table}\" has no field of that name that could be called otherwise, but {}", known.join(", "))]
    UnknownField {
        /// The table.
        table: &'static str,
        /// The fields that can be renamed.
        known: Vec<&'static str>,
    },
    /// The name is not a valid identifier.
    #[error("it is no identifier: letters, digits and `_`, at most 63, no digit first")]
    NoIdentifier,
    /// PostgreSQL would truncate the name of an index or constraint, which is built from the names of table
    /// and column.
    #[error("the index or constraint `{0}` would have a name of more than 63 bytes")]
    TooLong(String),
    /// Two tables, or two columns of a table, would have the same name.
    #[error("{0} is called so already")]
    Taken(String),
}

/// System columns that every PostgreSQL table has.
const OF_POSTGRES: [&str; 6] = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// Better Auth's own names of all tables that this crate has statements for.
impl Default for TableNames {
    fn default() -> Self {
        Self::of(TableSet::default().with(&SIGN_IN_GATES))
    }
}

/// Two values are equal if they rename the same tables and columns to the same names.
impl PartialEq for TableNames {
    fn eq(&self, other: &Self) -> bool {
        self.tables == other.tables && self.columns == other.columns
    }
}

impl Eq for TableNames {}

impl TableNames {
    /// Returns Better Auth's own names of these tables.
    pub fn of(known: TableSet) -> Self {
        Self { known, fields_of_features: Vec::new(), tables: BTreeMap::new(), columns: BTreeMap::new() }
    }

    /// Allows renaming the columns that these features declare as fields.
    #[must_use]
    pub fn with_fields_of(mut self, features: impl IntoIterator<Item = &'static Part>) -> Self {
        for part in features {
            self.known = self.known.with(part);
            self.fields_of_features.push(part);
        }
        self
    }

    /// Renames a table of Better Auth, such as `user` to `users`. `table` matches without regard to case:
    /// environment variables do not preserve it, and no two names of Better Auth differ only in case.
    ///
    /// # Errors
    ///
    /// [`NameProblem::UnknownTable`], [`NameProblem::NoIdentifier`].
    pub fn call_table(&mut self, table: &str, name: &str) -> Result<(), NameProblem> {
        let table = self.known_table(table)?;
        check_identifier(name)?;
        if name == table {
            self.tables.remove(table);
        } else {
            self.tables.insert(table, name.to_owned());
        }
        Ok(())
    }

    /// Renames the column of a field of Better Auth, such as `emailVerified` of `user` to `email_verified`.
    /// The column `id` cannot be renamed, as in Better Auth.
    ///
    /// # Errors
    ///
    /// [`NameProblem::UnknownTable`], [`NameProblem::UnknownField`], [`NameProblem::NoIdentifier`].
    pub fn call_column(&mut self, table: &str, field: &str, name: &str) -> Result<(), NameProblem> {
        let table = self.known_table(table)?;
        let known: Vec<&str> = self.fields(table).filter(|known| *known != "id").collect();
        let found = known.iter().copied().find(|known| known.eq_ignore_ascii_case(field));
        let field = found.ok_or(NameProblem::UnknownField { table, known })?;
        check_identifier(name)?;
        if name == field {
            self.columns.remove(&(table, field));
        } else {
            self.columns.insert((table, field), name.to_owned());
        }
        Ok(())
    }

    /// Checks that no two tables, and no two columns of a table, have the same name, and that PostgreSQL does
    /// not truncate the names of their indexes and constraints.
    ///
    /// # Errors
    ///
    /// [`NameProblem::Taken`], [`NameProblem::TooLong`].
    pub fn check(&self) -> Result<(), NameProblem> {
        let mut tables = BTreeSet::from([BOOKKEEPING_TABLE]);
        for table in self.known.names() {
            if !tables.insert(self.table(table)) {
                return Err(NameProblem::Taken(format!("another table than \"{table}\"")));
            }
            let mut columns = BTreeSet::new();
            for field in self.fields(table) {
                let column = self.column(table, field);
                if column == field && is_of(self.fields_of_features.iter().copied(), table, field) {
                    continue;
                }
                if !columns.insert(column) {
                    return Err(NameProblem::Taken(format!(
                        "another column of \"{table}\" than \"{field}\""
                    )));
                }
            }
        }
        for table in self.known.names() {
            for column in self.known.columns(table) {
                for kind in named_after(column) {
                    let name = format!("{}_{}_{kind}", self.table(table), self.column(table, column.name));
                    if name.len() > IDENTIFIER_MAX_BYTES {
                        return Err(NameProblem::TooLong(name));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether every name is Better Auth's.
    pub fn are_better_auths(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty()
    }

    /// Returns the database's name for a table of Better Auth.
    pub fn table<'a>(&'a self, table: &'a str) -> &'a str {
        self.tables.get(table).map_or(table, String::as_str)
    }

    /// Returns the database's name for the column of a field. An unknown field keeps its name.
    pub fn column<'a>(&'a self, table: &'a str, field: &'a str) -> &'a str {
        let known = self.columns.iter().find(|((of, known), _)| *of == table && *known == field);
        known.map_or(field, |(_, column)| column.as_str())
    }

    /// Whether a column name of the database is in use, so that no additional field can have it. Columns of
    /// [`SIGN_IN_GATES`] and fields of features count only if they were renamed to this name, because they
    /// can also be declared as additional fields.
    pub fn has_column(&self, table: &str, column: &str) -> bool {
        let optional = || self.fields_of_features.iter().copied().chain([&SIGN_IN_GATES]);
        self.fields(table).any(|field| {
            let called = self.column(table, field);
            called == column && (called != field || !is_of(optional(), table, field))
        })
    }

    /// Returns the tables that can be renamed.
    pub(crate) fn known(&self) -> &TableSet {
        &self.known
    }

    fn fields<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'static str> + 's {
        self.known.columns(table).map(|column| column.name)
    }

    fn known_table(&self, table: &str) -> Result<&'static str, NameProblem> {
        let known = self.known.names().find(|known| known.eq_ignore_ascii_case(table));
        known.ok_or_else(|| NameProblem::UnknownTable { known: self.known.names().collect() })
    }

    /// Returns Better Auth's name for a table of the database.
    pub(crate) fn table_called(&self, name: &str) -> Option<&'static str> {
        self.known.names().find(|table| self.table(table) == name)
    }

    /// Returns Better Auth's name for a column of the database. A column that is not Better Auth's keeps its
    /// name. `None` if its name is Better Auth's name for another column, which was renamed.
    pub(crate) fn field_called<'a>(&self, table: &str, column: &'a str) -> Option<&'a str> {
        if let Some(field) = self.fields(table).find(|field| self.column(table, field) == column) {
            return Some(field);
        }
        self.fields(table).all(|field| field != column).then_some(column)
    }
}

/// Whether one of these parts has the column.
fn is_of(parts: impl Iterator<Item = &'static Part>, table: &str, field: &str) -> bool {
    parts.flat_map(|part| part.columns(table)).any(|column| column.name == field)
}

/// Lists the suffixes of the names of a column's indexes and constraints.
fn named_after(column: &Column) -> impl Iterator<Item = &'static str> {
    let is_key = column.kind == ColumnKind::Key;
    let refers = matches!(column.kind, ColumnKind::Reference { .. });
    [(is_key || column.unique, "key"), (column.unique, "uidx"), (refers, "fkey"), (column.indexed, "idx")]
        .into_iter()
        .filter_map(|(is_named, kind)| is_named.then_some(kind))
}

fn check_identifier(name: &str) -> Result<(), NameProblem> {
    if is_identifier(name) && !OF_POSTGRES.contains(&name) { Ok(()) } else { Err(NameProblem::NoIdentifier) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::username::USERNAME;

    #[test]
    fn only_tables_and_fields_of_better_auth_are_called_otherwise() {
        let mut names = TableNames::default();
        assert!(matches!(names.call_table("users", "people"), Err(NameProblem::UnknownTable { .. })));
        let unknown = names.call_column("users", "email", "mail");
        assert!(matches!(unknown, Err(NameProblem::UnknownTable { .. })));
        for field in ["mail", "id"] {
            let unknown = names.call_column("user", field, "other");
            assert!(matches!(unknown, Err(NameProblem::UnknownField { table: "user", .. })), "{field}");
        }
        for name in ["", "1st", "a.b", "a\"b", "a b", "ünder", "ctid", &"x".repeat(64)] {
            assert_eq!(names.call_table("user", name), Err(NameProblem::NoIdentifier), "{name}");
            assert_eq!(names.call_column("user", "email", name), Err(NameProblem::NoIdentifier), "{name}");
        }
        assert!(names.are_better_auths());
        names.call_table("user", "people").unwrap();
        names.call_table("user", "user").unwrap();
        names.call_column("user", "email", "email").unwrap();
        assert!(names.are_better_auths(), "by its own name");
        names.call_column("ratelimit", "LASTREQUEST", "last_request").unwrap();
        assert_eq!(names.column("rateLimit", "lastRequest"), "last_request");
    }

    #[test]
    fn no_two_have_one_name() {
        let mut names = TableNames::default();
        names.call_table("user", "session").unwrap();
        assert!(matches!(names.check(), Err(NameProblem::Taken(_))));
        names.call_table("session", "user").unwrap();
        assert_eq!(names.check(), Ok(()), "they may change places");
        names.call_column("user", "email", "name").unwrap();
        assert!(matches!(names.check(), Err(NameProblem::Taken(_))));
        names.call_column("user", "name", "title").unwrap();
        assert_eq!(names.check(), Ok(()));
        names.call_table("verification", &"v".repeat(49)).unwrap();
        assert!(
            matches!(names.check(), Err(NameProblem::TooLong(name)) if name.ends_with("_identifier_idx"))
        );
        names.call_table("verification", &"v".repeat(48)).unwrap();
        assert_eq!(names.check(), Ok(()));
        names.call_table("verification", "proofs").unwrap();
        assert_eq!(names.check(), Ok(()));
        names.call_table("jwks", BOOKKEEPING_TABLE).unwrap();
        assert!(matches!(names.check(), Err(NameProblem::Taken(_))));
    }

    #[test]
    fn columns_that_are_only_obeyed_can_be_declared_as_fields_unless_they_were_named() {
        let mut names = TableNames::default();
        assert!(names.has_column("user", "email") && !names.has_column("user", "banned"));
        names.call_column("user", "banned", "is_banned").unwrap();
        assert!(names.has_column("user", "is_banned") && !names.has_column("user", "banned"));
    }

    #[test]
    fn the_field_of_a_feature_leaves_its_name_to_other_columns() {
        let mut names = TableNames::default().with_fields_of([&USERNAME]);
        assert!(!names.has_column("user", "username"), "it can be declared");
        names.call_column("user", "name", "username").unwrap();
        assert_eq!(names.check(), Ok(()), "the feature may be off");
        assert!(names.has_column("user", "username"));
        names.call_column("user", "name", "name").unwrap();
        names.call_column("user", "username", "name").unwrap();
        assert!(matches!(names.check(), Err(NameProblem::Taken(_))));
    }

    #[test]
    fn what_the_database_calls_so_is_found() {
        let mut names = TableNames::default();
        names.call_table("user", "users").unwrap();
        names.call_column("user", "email", "email_address").unwrap();
        assert_eq!(names.table_called("users"), Some("user"));
        assert_eq!(names.table_called("user"), None);
        assert_eq!(names.field_called("user", "email_address"), Some("email"));
        assert_eq!(names.field_called("user", "email"), None, "another application's column");
        assert_eq!(names.field_called("user", "plan"), Some("plan"));
    }
}
