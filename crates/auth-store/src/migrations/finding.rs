//! Problems of a live table, and the statements that fix them.

use std::fmt;

use crate::id::IdKind;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// This server or Node's fails, or the data are not protected.
    Breaks,
    /// Both servers work, but something is slower or less strict than it should be.
    Weakens,
}

/// A problem of a table or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The table does not exist.
    MissingTable,
    /// The column does not exist.
    MissingColumn,
    /// The column has a type that the server cannot read or write.
    WrongType {
        /// The type it has.
        found: String,
        /// The type it should have.
        expected: &'static str,
    },
    /// The column stores ids of another kind than the settings say.
    OtherIds {
        /// The type it has.
        found: String,
        /// The kind in the settings.
        expected: IdKind,
        /// The kind that the column's type matches, if any.
        fits: Option<IdKind>,
    },
    /// The id column has no default, although Node or both servers rely on it to generate ids.
    NoIdDefault,
    /// A column of Better Auth 1.7.1 is NOT NULL, but neither server fills it.
    LeftoverIssuer,
    /// An unknown column is NOT NULL and has no default, so neither server fills it.
    ExtraRequired,
    /// The column is NOT NULL, but the servers write NULL.
    MustBeNullable,
    /// The column accepts NULL, which the servers cannot read.
    Nullable,
    /// Two rows can have the same value.
    NotUnique,
    /// The column has no foreign key, so it can hold ids of missing rows.
    NoForeignKey {
        /// The table that it should reference, with the database's name.
        to: String,
    },
    /// The foreign key has another rule for deleting the referenced row.
    OtherDeleteRule {
        /// The expected rule, such as `CASCADE`.
        expected: &'static str,
    },
    /// The column has no index, so lookups by it read the whole table.
    NoIndex,
}

/// A difference, with the statement that removes it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The database's name of the table.
    pub table: String,
    /// The database's name of the column; `None` if the finding is about the table itself.
    pub column: Option<String>,
    /// The problem.
    pub problem: Problem,
    /// Its severity.
    pub severity: Severity,
    /// SQL that fixes it. Read it before you run it: it may lock the table, or fail because of existing rows.
    pub fix: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "\"{}\".\"{column}\" ", self.table)?,
            None => write!(f, "\"{}\" ", self.table)?,
        }
        match &self.problem {
            Problem::MissingTable => f.write_str("is missing"),
            Problem::MissingColumn => f.write_str("is missing"),
            Problem::WrongType { found, expected } => write!(f, "has type {found}, expected {expected}"),
            Problem::OtherIds { found, expected, fits } => {
                let kept = id_type(*expected);
                write!(f, "has type {found}, but database.generate_id = \"{expected}\" keeps {kept}")?;
                match fits {
                    Some(fits) => write!(
                        f,
                        "; if Better Auth's generateId is {}, set it to \"{fits}\"",
                        as_generate_id(*fits)
                    ),
                    None => Ok(()),
                }
            }
            Problem::NoIdDefault => f.write_str("has no default that makes ids, so inserts without one fail"),
            Problem::LeftoverIssuer => f.write_str(
                "is left over from Better Auth 1.7.1 and still required, so every new account fails here and Node \
                 refuses all requests",
            ),
            Problem::ExtraRequired => f.write_str(
                "is required, has no default and is unknown to Better Auth, so inserts fail and Node refuses all requests",
            ),
            Problem::MustBeNullable => f.write_str("does not accept NULL"),
            Problem::Nullable => f.write_str("accepts NULL"),
            Problem::NotUnique => f.write_str("is not unique"),
            Problem::NoForeignKey { to } => write!(f, "has no foreign key to \"{to}\""),
            Problem::OtherDeleteRule { expected } => {
                write!(f, "has a foreign key without ON DELETE {expected}")
            }
            Problem::NoIndex => f.write_str("has no index"),
        }?;
        match &self.fix {
            Some(fix) => write!(f, "; fix: {fix}"),
            None => Ok(()),
        }
    }
}

/// Returns the type of columns that hold ids.
pub(super) fn id_type(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "text",
        IdKind::Uuid => "uuid",
        IdKind::Serial => "integer",
    }
}

/// Returns the value of `generateId` in Node's configuration.
fn as_generate_id(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "not set, false or a function",
        IdKind::Uuid => "\"uuid\"",
        IdKind::Serial => "\"serial\"",
    }
}
