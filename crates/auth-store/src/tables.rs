//! How a table is declared: one value says which columns there are, and what asks for them.
//!
//! Everything that depends on the shape of the tables reads these declarations: the statements that
//! [`migrations`](crate::migrations) runs, the comparison with the live schema, the names that
//! [`TableNames`](crate::TableNames) can exchange. The tables of a new feature are one [`Part`].

mod declared;
mod set;

use auth_core::{FieldDeclaration, FieldKind, FieldValue, Visibility};

pub use declared::{CORE, JWT, RATE_LIMIT, SIGN_IN_GATES};
pub use set::TableSet;

/// Table that records which features have their tables. Not Diesel's, so that an application's own
/// migrations and these do not meet.
pub const BOOKKEEPING_TABLE: &str = "auth_schema_migrations";

/// What one feature needs in the database: whole tables, columns of other features' tables, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The feature that asks for it. It is recorded in the database under this name, which therefore stays.
    pub feature: &'static str,
    /// Its tables. One that another part declares too gets the columns of both.
    pub tables: &'static [Table],
}

impl Part {
    /// Lists the columns that it gives a table.
    pub fn columns(&self, table: &str) -> impl Iterator<Item = &'static Column> {
        let tables = self.tables.iter().filter(move |known| known.name == table);
        tables.flat_map(|known| known.columns)
    }
}

/// A table, or columns for the table of another part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Better Auth's name of it.
    pub name: &'static str,
    /// Its columns, in the order in which a new table has them.
    pub columns: &'static [Column],
}

impl Table {
    /// Tells whether the declaration is of a whole table, and not of columns for another part's.
    pub fn is_whole(&self) -> bool {
        self.columns.iter().any(|column| column.kind == ColumnKind::Key)
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Better Auth's name of it.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it accepts NULL.
    pub nullable: bool,
    /// What the database fills in where an INSERT gives no value.
    pub default: Option<ColumnDefault>,
    /// Whether each value occurs once. The key of a table always is unique.
    pub unique: bool,
    /// Whether rows are looked up by it, so that an index must begin with it.
    pub indexed: bool,
    /// What happens where the table is there and the column is not.
    pub absent: Absent,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// The id of the row: the table's primary key. Its type follows the database's [`IdKind`](crate::IdKind).
    Key,
    /// The id of a row of another table, with a foreign key.
    Reference {
        /// Better Auth's name of the other table.
        table: &'static str,
        /// What becomes of this row when that one goes.
        on_delete: DeleteRule,
    },
    /// Text of any length.
    Text,
    /// A truth value.
    Boolean,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    BigInteger,
    /// A moment.
    Time,
}

/// What becomes of a row when the row that it refers to is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteRule {
    /// It is deleted too.
    Cascade,
    /// It stays and refers to nothing.
    SetNull,
}

impl DeleteRule {
    /// Gives the rule in SQL, after `ON DELETE`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
        }
    }
}

/// What the database fills in by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnDefault {
    /// The time of the transaction.
    Now,
    /// `false`.
    False,
}

impl ColumnDefault {
    /// Gives the value in SQL, after `DEFAULT`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Now => "CURRENT_TIMESTAMP",
            Self::False => "false",
        }
    }
}

/// What happens where a table is there and one of its columns is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Nothing is added: a table without it belongs to another application, or has lost data that no default
    /// brings back.
    Refuse,
    /// It is added as it is declared.
    Add,
    /// It is added with this default, so that rows that are there get a value.
    AddFilled(ColumnDefault),
}

/// Columns are written as `Column::text("email").unique()`: required and not addable unless they say
/// otherwise.
impl Column {
    /// The primary key, which every table calls `id`.
    pub const fn key() -> Self {
        Self::new("id", ColumnKind::Key)
    }

    /// The id of a user, who takes the row along. Rows of a user are looked up by it.
    pub const fn owner(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Reference { table: "user", on_delete: DeleteRule::Cascade }).indexed()
    }

    /// A text.
    pub const fn text(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Text)
    }

    /// A truth value.
    pub const fn boolean(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Boolean)
    }

    /// A number of 32 bits.
    pub const fn integer(name: &'static str) -> Self {
        Self::new(name, ColumnKind::Integer)
    }

    /// A number of 64 bits.
    pub const fn big_integer(name: &'static str) -> Self {
        Self::new(name, ColumnKind::BigInteger)
    }

    /// A moment.
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

    /// Has no default where a table is made, and this one where the column is added to a table with rows.
    #[must_use]
    pub const fn added_with(self, default: ColumnDefault) -> Self {
        Self { absent: Absent::AddFilled(default), ..self }
    }

    /// Is never added, although it could be.
    #[must_use]
    pub const fn never_added(self) -> Self {
        Self { absent: Absent::Refuse, ..self }
    }

    /// Holds each value once.
    #[must_use]
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// Has an index.
    #[must_use]
    pub const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }

    /// Declares the column as a field of its table's rows, so that it is written, read and migrated as additional
    /// fields are. `input` says whether clients may set it. `None` for keys and references, which are no fields.
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
            // Filled in by the database alone.
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
