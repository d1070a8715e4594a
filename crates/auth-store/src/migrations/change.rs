//! The statements that make live tables match their declarations. They only add tables, columns and indexes.

use std::fmt;

use super::finding::id_type;
use super::layout::Layout;
use super::live::Live;
use crate::id::IdKind;
use crate::tables::{Absent, Column, ColumnDefault, ColumnKind};

/// One addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is added, such as `table "user"`, with the database's names.
    pub what: String,
    /// The statement that adds it, without a semicolon.
    pub sql: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Returns the statements that create every table of a layout in an empty database.
pub fn from_nothing(layout: &Layout) -> Vec<Change> {
    shape(&Live::default(), layout)
}

/// Lists the statements that create missing tables with their indexes, and missing columns.
///
/// A column that cannot be added is skipped; the schema comparison reports it.
pub(super) fn shape(live: &Live, layout: &Layout) -> Vec<Change> {
    let mut changes = Vec::new();
    for table in layout.tables.names() {
        if !live.has(table) {
            changes.push(create_table(table, layout));
            changes.extend(
                layout
                    .tables
                    .columns(table)
                    .filter(|column| column.indexed)
                    .map(|column| create_index(table, column.name, "idx", layout)),
            );
            continue;
        }
        for column in layout.tables.columns(table).filter(|column| live.column(table, column.name).is_none())
        {
            let Some(sql) = add_column(table, column, layout) else { continue };
            let name = layout.names.column(table, column.name);
            let what = format!("column \"{}\".\"{name}\"", layout.names.table(table));
            changes.push(Change { what, sql: layout.names.rename(&sql).into_owned() });
            // As in Node's migration tool: a unique constraint in a new table, a unique index for an added
            // column.
            if column.unique {
                changes.push(create_index(table, column.name, "uidx", layout));
            }
        }
    }
    changes
}

/// Lists the statements that create the missing indexes of existing tables, including indexes of columns that
/// are still to be added. Building an index blocks writes to its table.
pub(super) fn indexes(live: &Live, layout: &Layout) -> Vec<Change> {
    let mut changes = Vec::new();
    for table in layout.tables.names().filter(|table| live.has(table)) {
        for column in layout.tables.columns(table).filter(|column| column.indexed) {
            let has_column =
                live.column(table, column.name).is_some() || add_column(table, column, layout).is_some();
            if has_column && !live.has_index(table, column.name, false) {
                changes.push(create_index(table, column.name, "idx", layout));
            }
        }
    }
    changes
}

fn create_table(table: &str, layout: &Layout) -> Change {
    let columns = layout.tables.columns(table).map(|column| {
        let unique = if column.unique { " UNIQUE" } else { "" };
        format!("\n  {}{unique}{}", declaration(column, column.default, layout.ids), reference(column))
    });
    let columns: Vec<String> = columns.collect();
    let sql = format!("CREATE TABLE \"{table}\" ({}\n)", columns.join(","));
    let what = format!("table \"{}\"", layout.names.table(table));
    Change { what, sql: layout.names.rename(&sql).into_owned() }
}

/// Returns the statement that adds a column, with Better Auth's names; `None` if the column must not be
/// added.
pub(super) fn add_column(table: &str, column: &Column, layout: &Layout) -> Option<String> {
    let default = match column.absent {
        Absent::Refuse => return None,
        Absent::Add => column.default,
        Absent::AddFilled(default) => Some(default),
    };
    let declaration = declaration(column, default, layout.ids);
    Some(format!("ALTER TABLE \"{table}\" ADD COLUMN {declaration}{}", reference(column)))
}

/// Returns the change that creates an index. The index has the name that Node's migration tool gives it.
fn create_index(table: &str, column: &str, kind: &str, layout: &Layout) -> Change {
    let unique = if kind == "uidx" { "UNIQUE " } else { "" };
    let sql = format!("CREATE {unique}INDEX \"{table}_{column}_{kind}\" ON \"{table}\" (\"{column}\")");
    let (table, column) = (layout.names.table(table), layout.names.column(table, column));
    let what = format!("index \"{table}_{column}_{kind}\"");
    Change { what, sql: layout.names.rename(&sql).into_owned() }
}

/// Returns a column's name, type, default and NOT NULL.
fn declaration(column: &Column, default: Option<ColumnDefault>, ids: IdKind) -> String {
    let name = column.name;
    if column.kind == ColumnKind::Key {
        // The same types as in Node's migration tool.
        let kind = match ids {
            IdKind::Text => "text",
            IdKind::Uuid => "uuid DEFAULT pg_catalog.gen_random_uuid()",
            IdKind::Serial => "integer GENERATED BY DEFAULT AS IDENTITY",
        };
        return format!("\"{name}\" {kind} NOT NULL PRIMARY KEY");
    }
    let default = default.map(|default| format!(" DEFAULT {}", default.sql())).unwrap_or_default();
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    format!("\"{name}\" {}{default}{not_null}", column_type(column.kind, ids))
}

/// Returns the foreign key clause of a column; empty if it has none.
fn reference(column: &Column) -> String {
    match column.kind {
        ColumnKind::Reference { table, on_delete } => {
            format!(" REFERENCES \"{table}\" (\"id\") ON DELETE {}", on_delete.sql())
        }
        ColumnKind::Key
        | ColumnKind::Text
        | ColumnKind::Boolean
        | ColumnKind::Integer
        | ColumnKind::BigInteger
        | ColumnKind::Time => String::new(),
    }
}

/// Returns the type of a new column.
pub(super) fn column_type(kind: ColumnKind, ids: IdKind) -> &'static str {
    match kind {
        ColumnKind::Key | ColumnKind::Reference { .. } => id_type(ids),
        ColumnKind::Text => "text",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Integer => "integer",
        ColumnKind::BigInteger => "bigint",
        ColumnKind::Time => "timestamptz",
    }
}
