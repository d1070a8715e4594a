//! Declarations of tables and columns, grouped by the feature that needs them.
//!
//! The statements that [`migrations`](crate::migrations) runs, the comparison with the live schema, and the
//! names that [`TableNames`](crate::TableNames) can replace are all derived from these declarations. A new
//! feature declares its tables as one [`Part`].

mod declared;
mod set;

use auth_core::{FieldDeclaration, FieldKind, FieldValue, Visibility};

pub use declared::{CORE, JWT, RATE_LIMIT, SIGN_IN_GATES};
pub use set::TableSet;

/// Table that records the features whose tables exist. It is not Diesel's migration table, so it cannot
/// conflict with an application's own Diesel migrations.
pub const BOOKKEEPING_TABLE: &str = "auth_schema_migrations";

/// What one feature needs in the database: whole tables, additional columns of other features' tables, or
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The feature's name. It is recorded in the database, so it must never change.
    pub feature: &'static str,
    /// Its tables. A table that another part also declares gets the columns of both.
    pub tables: &'static [Table],
}

impl Part {
    /// Lists the columns that this part declares for a table.
    pub fn columns(&self, table: &str) -> impl Iterator<Item = &'static Column> {
        let tables = self.tables.iter().filter(move |known| known.name == table);
        tables.flat_map(|known| known.columns)
    }
}

/// A whole table, or additional columns for the table of another part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Better Auth's name for it.
    pub name: &'static str,
    /// Its columns, in the order in which a new table has them.
    pub columns: &'static [Column],
}

impl Table {
    /// Whether this declares a whole table, as opposed to additional columns for another part's table.
    pub fn is_whole(&self) -> bool {
        self.columns.iter().any(|column| column.kind == ColumnKind::Key)
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Better Auth's name for it.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnKind,
    /// Whether it accepts NULL.
    pub nullable: bool,
    /// The value that the database uses if an INSERT gives none.
    pub default: Option<ColumnDefault>,
    /// Whether its values are unique. The primary key always is.
    pub unique: bool,
    /// Whether rows are looked up by it. Then an index must have it as its first column.
    pub indexed: bool,
    /// What a migration does if the table exists without this column.
    pub absent: Absent,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// The id of the row: the table's primary key. Its type depends on the database's
    /// [`IdKind`](crate::IdKind).
    Key,
    /// The id of a row of another table, with a foreign key.
    Reference {
        /// Better Auth's name for the other table.
        table: &'static str,
        /// What happens to this row when the referenced row is deleted.
        on_delete: DeleteRule,
    },
    /// Text of any length.
    Text,
    /// A boolean.
    Boolean,
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    BigInteger,
    /// A point in time.
    Time,
}

/// What happens to a row when the row that it references is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteRule {
    /// It is deleted too.
    Cascade,
    /// It stays, and the reference becomes NULL.
    SetNull,
}

impl DeleteRule {
    /// Returns the SQL after `ON DELETE`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
        }
    }
}

/// A default value of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnDefault {
    /// The time of the transaction.
    Now,
    /// `false`.
    False,
}

impl ColumnDefault {
    /// Returns the SQL after `DEFAULT`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Now => "CURRENT_TIMESTAMP",
            Self::False => "false",
        }
    }
}

/// What a migration does if a table exists without one of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The column is not added. A table without it belongs to another application, or has lost data that no
    /// default can restore.
    Refuse,
    /// It is added as it is declared.
    Add,
    /// It is added with this default, which fills the existing rows.
    AddFilled(ColumnDefault),
}

/// Builder methods, used as `Column::text("email").unique()`. Unless stated otherwise, a column is NOT NULL
/// and cannot be added to an existing table.
impl Column {
    /// The primary key, named `id` in every table.
    pub const fn key() -> Self {
        Self::new("id", ColumnKind::Key)
    }

    /// A reference to a user. Deleting the user deletes the row. The column is indexed, because rows are
    /// looked up by it.
    pub const fn owner(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Reference { table: "user", on_delete: DeleteRule::Cascade }).indexed()
    }

    /// Text of any length.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Text)
    }

    /// A boolean.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Boolean)
    }

    /// A 32-bit integer.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Integer)
    }

    /// A 64-bit integer.
    pub const fn big_integer(name: &'static str) -> Self {
        Self::new(name, ColumnKind::BigInteger)
    }

    /// A point in time.
    pub const fn time(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Time)
    }

    const fn new(name: &'static str, kind: ColumnKind) -> Self {
        let absent = Absent::Refuse;
        Self { name, kind, nullable: false, default: None, unique: false, indexed: false, absent }
    }

    /// Accepts NULL, and can therefore be added to a table with rows.
    #[must_use]
    pub const fn nullable(self) -> Self {
        Self { nullable: true, absent: Absent::Add, ..self }
    }

    /// Has a default, and can therefore be added to a table with rows.
    #[must_use]
    pub const fn or(self, default: ColumnDefault) -> Self {
        Self { default: Some(default), absent: Absent::Add, ..self }
    }

    /// Has no default in a new table, but gets this default when it is added to an existing table.
    #[must_use]
    pub const fn added_with(self, default: ColumnDefault) -> Self {
        Self { absent: Absent::AddFilled(default), ..self }
    }

    /// Is never added to an existing table.
    #[must_use]
    pub const fn never_added(self) -> Self {
        Self { absent: Absent::Refuse, ..self }
    }

    /// Has unique values.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// Has an index that begins with it.
    #[must_use]
    pub const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }

    /// Converts the column into the declaration of an additional field, which is written, read and migrated
    /// like other additional fields. `input` says whether clients may set it. `None` for keys and references,
    /// which cannot be fields.
    pub fn as_field(&self, input: bool, visibility: Visibility) -> Option<FieldDeclaration> {
        let kind = match self.kind {
            ColumnKind::Key | ColumnKind::Reference { .. } => return None,
            ColumnKind::Text => FieldKind::Text,
            ColumnKind::Boolean => FieldKind::Boolean,
            ColumnKind::Integer => FieldKind::Number,
            ColumnKind::BigInteger => FieldKind::BigNumber,
            ColumnKind::Time => FieldKind::Date,
        };
        let default = match self.default {
            Some(ColumnDefault::False) => Some(FieldValue::Boolean(false)),
            // Only the database fills it in.
            Some(ColumnDefault::Now) | None => None,
        };
        Some(FieldDeclaration {
            name: self.name.into(),
            column: self.name.to_owned(),
            kind,
            required: !self.nullable,
            default,
            input,
            visibility,
            unique: self.unique,
            index: self.indexed,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_column_is_a_field_of_the_same_kind() {
        let field = |column: Column| column.as_field(false, Visibility::Hidden).unwrap();
        for (column, kind) in [
            (Column::text("a"), FieldKind::Text),
            (Column::boolean("a"), FieldKind::Boolean),
            (Column::integer("a"), FieldKind::Number),
            (Column::big_integer("a"), FieldKind::BigNumber),
            (Column::time("a").or(ColumnDefault::Now), FieldKind::Date),
        ] {
            let made = field(column);
            assert_eq!((made.name.as_ref(), made.column.as_str(), made.kind), ("a", "a", kind));
            assert!(made.required && made.default.is_none() && !made.unique && !made.index, "{kind:?}");
            assert_eq!((made.input, made.visibility), (false, Visibility::Hidden));
        }
        let made = field(Column::boolean("a").nullable().or(ColumnDefault::False).unique().indexed());
        assert!(!made.required && made.unique && made.index);
        assert_eq!(made.default, Some(FieldValue::Boolean(false)));
        assert!(Column::key().as_field(true, Visibility::Returned).is_none());
        assert!(Column::owner("userId").as_field(true, Visibility::Returned).is_none());
    }
}
