//! The live tables of a layout, read from the system catalogue, with Better Auth's names.
//!
//! The same queries run in two ways: migrations use the driver's own client, and the readiness check uses a
//! connection of the pool.

use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, sql_query};
use tokio_postgres::{Client, Error};

use super::layout::Layout;
use crate::error::StoreError;
use crate::names::{NamedConnection, TableNames};
use crate::tables::{DeleteRule, Part, Table};

/// The existing columns, indexes and foreign keys.
#[derive(Default)]
pub(super) struct Live {
    pub(super) columns: Vec<LiveColumn>,
    indexes: Vec<LiveIndex>,
    foreign_keys: Vec<ForeignKey>,
}

#[derive(QueryableByName)]
pub(super) struct LiveColumn {
    #[diesel(sql_type = Text)]
    pub(super) table: String,
    /// Better Auth's name. A column that is not Better Auth's has the database's name.
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// Whether it has Better Auth's name for a column, although the settings give that column another name.
    #[diesel(sql_type = Bool)]
    pub(super) is_namesake: bool,
    #[diesel(sql_type = Text)]
    pub(super) kind: String,
    #[diesel(sql_type = Bool)]
    pub(super) required: bool,
    /// Whether the database fills it in if an INSERT gives no value.
    #[diesel(sql_type = Bool)]
    pub(super) filled: bool,
}

/// An index, identified by its first column.
#[derive(QueryableByName)]
struct LiveIndex {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    /// Whether it is unique on that column alone and covers every row.
    #[diesel(sql_type = Bool)]
    unique: bool,
}

/// A foreign key on one column.
#[derive(QueryableByName)]
pub(super) struct ForeignKey {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    /// The referenced table. May be empty if the table is not part of the layout.
    #[diesel(sql_type = Text)]
    to: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// The delete rule, as PostgreSQL encodes it (`confdeltype`).
    #[diesel(sql_type = Text)]
    on_delete: String,
}

impl ForeignKey {
    pub(super) fn has_rule(&self, rule: DeleteRule) -> bool {
        self.on_delete
            == match rule {
                DeleteRule::Cascade => "c",
                DeleteRule::SetNull => "n",
            }
    }
}

impl Live {
    /// Replaces the database's names with Better Auth's.
    fn named(mut self, names: &TableNames) -> Self {
        if names.are_better_auths() {
            return self;
        }
        let table_of = |table: &str| names.table_called(table).unwrap_or_default().to_owned();
        for column in &mut self.columns {
            column.table = table_of(&column.table);
            match names.field_called(&column.table, &column.name).map(str::to_owned) {
                Some(field) => column.name = field,
                None => column.is_namesake = true,
            }
        }
        for index in &mut self.indexes {
            index.table = table_of(&index.table);
        }
        for key in &mut self.foreign_keys {
            key.table = table_of(&key.table);
            key.to = table_of(&key.to);
        }
        let places = self.indexes.iter_mut().map(|index| (&index.table, &mut index.column));
        let places = places.chain(self.foreign_keys.iter_mut().map(|key| (&key.table, &mut key.column)));
        for (table, column) in places {
            // Indexes and foreign keys of a namesake are ignored: an empty name matches no field.
            *column = names.field_called(table, column).unwrap_or_default().to_owned();
        }
        self
    }

    /// Returns the names of the given tables that exist.
    pub(super) fn tables_of(&self, tables: impl Iterator<Item = &'static Table>) -> Vec<&'static str> {
        tables.map(|table| table.name).filter(|name| self.has(name)).collect()
    }

    /// Whether a table of the part exists, or a column that the part adds to another part's table.
    pub(super) fn has_any_of(&self, part: &Part) -> bool {
        part.tables.iter().any(|table| match table.is_whole() {
            true => self.has(table.name),
            false => table.columns.iter().any(|column| self.column(table.name, column.name).is_some()),
        })
    }

    pub(super) fn has(&self, table: &str) -> bool {
        self.columns.iter().any(|column| column.table == table)
    }

    pub(super) fn column(&self, table: &str, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.table == table && column.name == name && !column.is_namesake)
    }

    /// Whether an index begins with the column. With `unique`, whether an index is unique on that column
    /// alone.
    pub(super) fn has_index(&self, table: &str, column: &str, unique: bool) -> bool {
        self.indexes
            .iter()
            .any(|index| index.table == table && index.column == column && (index.unique || !unique))
    }

    pub(super) fn foreign_keys(&self, table: &str, column: &str, to: &str) -> Vec<&ForeignKey> {
        let keys = self.foreign_keys.iter().filter(|key| key.table == table && key.column == column);
        keys.filter(|key| key.to == to).collect()
    }
}

/// Returns the condition for the layout's tables in the schema where new tables would be created.
fn tables(layout: &Layout) -> String {
    // The names are validated identifiers, which contain no quotes.
    let literals: Vec<String> =
        layout.tables.names().map(|table| format!("'{}'", layout.names.table(table))).collect();
    format!(
        "c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname IN ({})",
        literals.join(", ")
    )
}

fn columns(layout: &Layout) -> String {
    let tables = tables(layout);
    format!(
        "SELECT c.relname::text AS \"table\", a.attname::text AS name, false AS is_namesake, format_type(a.atttypid, NULL) AS kind, \
         a.attnotnull AS required, a.atthasdef OR a.attidentity <> '' AS filled \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         WHERE {tables} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
    )
}

fn indexes(layout: &Layout) -> String {
    let tables = tables(layout);
    format!(
        "SELECT c.relname::text AS \"table\", a.attname::text AS \"column\", \
         i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 1 AS \"unique\" \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] \
         WHERE {tables} AND i.indisvalid AND i.indexprs IS NULL"
    )
}

fn foreign_keys(layout: &Layout) -> String {
    let tables = tables(layout);
    format!(
        "SELECT c.relname::text AS \"table\", a.attname::text AS \"column\", t.relname::text AS \"to\", \
         k.conname::text AS name, k.confdeltype::text AS on_delete \
         FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
         JOIN pg_class t ON t.oid = k.confrelid \
         WHERE {tables} AND k.contype = 'f' AND cardinality(k.conkey) = 1 AND t.relnamespace = c.relnamespace"
    )
}

/// Reads the catalogue with the driver's client.
pub(super) async fn read(client: &Client, layout: &Layout) -> Result<Live, Error> {
    let columns = client.query(&columns(layout), &[]).await?;
    let indexes = client.query(&indexes(layout), &[]).await?;
    let keys = client.query(&foreign_keys(layout), &[]).await?;
    let mut live = Live::default();
    for row in &columns {
        live.columns.push(LiveColumn {
            table: row.try_get(0)?,
            name: row.try_get(1)?,
            is_namesake: row.try_get(2)?,
            kind: row.try_get(3)?,
            required: row.try_get(4)?,
            filled: row.try_get(5)?,
        });
    }
    for row in &indexes {
        live.indexes.push(LiveIndex {
            table: row.try_get(0)?,
            column: row.try_get(1)?,
            unique: row.try_get(2)?,
        });
    }
    for row in &keys {
        live.foreign_keys.push(ForeignKey {
            table: row.try_get(0)?,
            column: row.try_get(1)?,
            to: row.try_get(2)?,
            name: row.try_get(3)?,
            on_delete: row.try_get(4)?,
        });
    }
    Ok(live.named(&layout.names))
}

/// Reads the catalogue with a connection of the pool.
pub(super) async fn read_on(connection: &mut NamedConnection, layout: &Layout) -> Result<Live, StoreError> {
    // Imported here, because at module level the trait would add another `execute` to the driver's client.
    use diesel_async::RunQueryDsl;

    let connection = connection.plain();
    let live = Live {
        columns: sql_query(columns(layout)).load(connection).await?,
        indexes: sql_query(indexes(layout)).load(connection).await?,
        foreign_keys: sql_query(foreign_keys(layout)).load(connection).await?,
    };
    Ok(live.named(&layout.names))
}
