//! What is wrong with a live table, and the statement that mends it.

use std::fmt;

use crate::id::IdKind;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// One of the servers fails, or the data are not protected.
    Breaks,
    /// Both work; something is slower or looser than it should be.
    Weakens,
}

/// What is wrong with a table or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The table is not there.
    MissingTable,
    /// The column is not there.
    MissingColumn,
    /// The column has a type that the server cannot read or write.
    WrongType {
        /// The type it has.
        found: String,
        /// The type it should have.
        expected: &'static str,
    },
    /// The column keeps ids of another kind than those that the server was told of.
    OtherIds {
        /// The type it has.
        found: String,
        /// The kind that was expected.
        expected: IdKind,
        /// The kind that the column is of, if there is one.
        fits: Option<IdKind>,
    },
    /// The column does not make the ids that Node, or both servers, leave to it.
    NoIdDefault,
    /// A column of Better Auth 1.7.1 that neither server fills must be filled.
    LeftoverIssuer,
    /// A column that neither server fills must be filled.
    ExtraRequired,
    /// The column refuses NULL, which the servers write.
    MustBeNullable,
    /// The column accepts NULL, which the servers cannot read.
    Nullable,
    /// Two rows can have one value.
    NotUnique,
    /// The column may point at nothing.
    NoForeignKey {
        /// The table whose rows it should refer to, as the database calls it.
        to: String,
    },
    /// The foreign key has another rule for the deletion of the row that it refers to.
    OtherDeleteRule {
        /// The rule that it should have, such as `CASCADE`.
        expected: &'static str,
    },
    /// Looking rows up by the column reads the whole table.
    NoIndex,
}

/// A difference, and the statement that removes it where one can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table, as the database calls it.
    pub table: String,
    /// The column, as the database calls it; `None` for the table itself.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: Problem,
    /// How bad it is.
    pub severity: Severity,
    /// SQL that mends it. To be read before it is run: it may lock the table or fail on its rows.
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

/// The type of columns that hold ids.
pub(super) fn id_type(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "text",
        IdKind::Uuid => "uuid",
        IdKind::Serial => "integer",
    }
}

/// What Node's configuration says.
fn as_generate_id(ids: IdKind) -> &'static str {
    match ids {
        IdKind::Text => "not set, false or a function",
        IdKind::Uuid => "\"uuid\"",
        IdKind::Serial => "\"serial\"",
    }
}
