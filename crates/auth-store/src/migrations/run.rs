//! Inspects the tables of a database, creates missing ones and reverts them.

use super::change::{self, Change};
use super::error::MigrationError;
use super::finding::Finding;
use super::layout::Layout;
use super::link::Link;
use super::live;
use super::record::{self, FeatureStatus, Record};
use super::schema_check;
use crate::database_url::DatabaseUrl;
use crate::names::TableNames;
use crate::tables::{ColumnKind, Part, Table};

/// What [`up`] would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The features whose tables are not recorded yet.
    pub pending: Vec<&'static str>,
    /// The additions that it would make.
    pub changes: Vec<Change>,
    /// Existing tables that would be adopted, with Better Auth's names.
    pub adopts: Vec<&'static str>,
    /// Differences that prevent the migration. [`up`] fails if there are any.
    pub obstacles: Vec<Finding>,
    /// The expected tables of the database.
    pub layout: Layout,
}

/// What [`up`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The features that were added to the record.
    pub features: Vec<&'static str>,
    /// The additions that it made.
    pub changes: Vec<Change>,
}

impl Applied {
    /// Whether nothing had to be changed.
    pub fn is_empty(&self) -> bool {
        self.features.is_empty() && self.changes.is_empty()
    }
}

/// Whether [`down`] may drop data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Fail if a table or column to be dropped has values.
    Keep,
    /// Drop tables and columns with their values. Adopted tables are never dropped.
    Drop,
}

/// What [`down`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverted {
    /// The tables and columns that were created for the feature were dropped.
    Dropped(&'static str),
    /// The tables or columns existed before and were kept. Only the record was deleted.
    Forgotten(&'static str),
}

/// Lists the features of the layout, and the other features that have a record in the database.
///
/// # Errors
///
/// [`MigrationError::Connect`], [`MigrationError::Tls`], [`MigrationError::Query`].
pub async fn status(
    url: &DatabaseUrl,
    layout: impl Into<Layout>,
) -> Result<Vec<FeatureStatus>, MigrationError> {
    let layout = layout.into();
    let records = Link::open(url).await?.recorded().await?;
    Ok(record::status(&records, &layout.tables, layout.names.known()))
}

/// Returns what [`up`] would do, and changes nothing.
///
/// # Errors
///
/// [`MigrationError::Connect`], [`MigrationError::Tls`], [`MigrationError::Query`].
pub async fn plan(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Plan, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let records = link.recorded().await?;
    let live = live::read(&link.client, &layout).await.map_err(MigrationError::Query)?;
    let pending: Vec<&Part> = layout.tables.parts().filter(|part| !record::has(&records, part)).collect();
    let adopts = live.tables_of(pending.iter().flat_map(|part| part.tables).filter(|table| table.is_whole()));
    let mut obstacles = schema_check::adoption_obstacles(&live, &pending, &layout);
    obstacles.extend(schema_check::contradictions(&live, &recorded(&records, &layout), &layout));
    let mut changes = change::shape(&live, &layout);
    changes.extend(change::indexes(&live, &layout));
    let pending = pending.iter().map(|part| part.feature).collect();
    Ok(Plan { pending, changes, adopts, obstacles, layout })
}

/// Creates what is missing, and records the features of the new tables. Concurrent callers wait for each
/// other, and each addition is made only once. Tables and columns are added in one transaction. Missing
/// indexes of existing tables follow in a second transaction, because building an index blocks writes.
///
/// # Errors
///
/// [`MigrationError::NotAdoptable`] when existing tables belong to another application or store ids of
/// another kind, [`MigrationError::NotAsRecorded`] when the recorded tables do not match the layout,
/// [`MigrationError::Failed`] when a statement failed, and as [`status`]. A failed transaction is rolled
/// back.
pub async fn up(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Applied, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let mut applied = link.transaction("the schema", link.make_shape(&layout)).await?;
    let live = live::read(&link.client, &layout).await.map_err(MigrationError::Query)?;
    if !change::indexes(&live, &layout).is_empty() {
        applied.changes.extend(link.transaction("the schema", link.make_indexes(&layout)).await?);
    }
    Ok(applied)
}

/// Reverts the last feature that has a record; `None` if there is none.
///
/// # Errors
///
/// [`MigrationError::WouldLoseData`] when a table or column to be dropped has values and `data` is
/// [`Data::Keep`], [`MigrationError::OtherNames`] when the tables were created under other names,
/// [`MigrationError::Unknown`] when the database has a record of a feature that this build does not know,
/// [`MigrationError::Failed`] when a statement failed, and as [`status`].
pub async fn down(
    url: &DatabaseUrl,
    data: Data,
    names: &TableNames,
) -> Result<Option<Reverted>, MigrationError> {
    let link = Link::open(url).await?;
    link.transaction("the schema", link.take_back(data, names)).await
}

/// Compares the live schema with what this server and Node's Better Auth need. An empty list means that both
/// work. Both also work with findings of [`Severity::Weakens`](super::Severity::Weakens).
///
/// # Errors
///
/// As [`status`].
pub async fn check(url: &DatabaseUrl, layout: impl Into<Layout>) -> Result<Vec<Finding>, MigrationError> {
    let layout = layout.into();
    let link = Link::open(url).await?;
    let live = live::read(&link.client, &layout).await.map_err(MigrationError::Query)?;
    Ok(schema_check::findings(&live, &layout))
}

/// Lists the parts of a layout that the database has a record of.
fn recorded(records: &[Record], layout: &Layout) -> Vec<&'static Part> {
    layout.tables.parts().filter(|part| record::has(records, part)).collect()
}

impl Link {
    /// Adds missing tables and columns inside the open transaction. Another process may have added them
    /// already.
    async fn make_shape(&self, layout: &Layout) -> Result<Applied, MigrationError> {
        self.prepare_records().await?;
        let records = self.recorded().await?;
        let live = live::read(&self.client, layout).await.map_err(MigrationError::Query)?;
        let findings = schema_check::contradictions(&live, &recorded(&records, layout), layout);
        if !findings.is_empty() {
            return Err(MigrationError::NotAsRecorded { findings });
        }
        let pending: Vec<&Part> = layout.tables.parts().filter(|part| !record::has(&records, part)).collect();
        let findings = schema_check::adoption_obstacles(&live, &pending, layout);
        if !findings.is_empty() {
            return Err(MigrationError::NotAdoptable { findings });
        }
        let changes = change::shape(&live, layout);
        self.make(&changes).await?;
        for part in &pending {
            self.record(part, live.has_any_of(part), &layout.names).await?;
        }
        Ok(Applied { features: pending.iter().map(|part| part.feature).collect(), changes })
    }

    /// Builds missing indexes inside the open transaction.
    async fn make_indexes(&self, layout: &Layout) -> Result<Vec<Change>, MigrationError> {
        let live = live::read(&self.client, layout).await.map_err(MigrationError::Query)?;
        let changes = change::indexes(&live, layout);
        self.make(&changes).await?;
        Ok(changes)
    }

    async fn make(&self, changes: &[Change]) -> Result<(), MigrationError> {
        for change in changes {
            let failed = |source| MigrationError::Failed { what: change.what.clone(), source };
            self.client.batch_execute(&change.sql).await.map_err(failed)?;
        }
        Ok(())
    }

    /// Reverts the last feature inside the open transaction.
    async fn take_back(&self, data: Data, names: &TableNames) -> Result<Option<Reverted>, MigrationError> {
        let records = self.recorded().await?;
        let is_known = |record: &&Record| names.known().parts().any(|part| part.feature == record.feature);
        if let Some(unknown) = records.iter().find(|record| !is_known(record)) {
            return Err(MigrationError::Unknown { feature: unknown.feature.clone() });
        }
        let last = names.known().parts().rev().find_map(|part| {
            records.iter().find(|record| record.feature == part.feature).map(|record| (part, record))
        });
        let Some((part, last)) = last else { return Ok(None) };
        if last.adopted {
            self.forget(part).await?;
            return Ok(Some(Reverted::Forgotten(part.feature)));
        }
        let (made, called) = (last.made(part), record::called(part, names));
        if made != called {
            return Err(MigrationError::OtherNames { feature: part.feature, made, called });
        }
        if data == Data::Keep {
            let tables = self.tables_with_values(part, names).await.map_err(MigrationError::Query)?;
            if !tables.is_empty() {
                return Err(MigrationError::WouldLoseData { feature: part.feature, tables });
            }
        }
        // A table is declared after the tables that it references, so the last one is dropped first.
        for table in part.tables.iter().rev() {
            let failed = |source| MigrationError::Failed { what: names.table(table.name).to_owned(), source };
            let sql = drop_statement(table);
            self.client.batch_execute(&names.rename(&sql)).await.map_err(failed)?;
        }
        self.forget(part).await?;
        Ok(Some(Reverted::Dropped(part.feature)))
    }

    /// Lists the tables of a part that would lose data: whole tables with rows, and other tables with values
    /// in the columns of the part.
    async fn tables_with_values(
        &self,
        part: &Part,
        names: &TableNames,
    ) -> Result<Vec<String>, tokio_postgres::Error> {
        let mut with_values = Vec::new();
        for table in part.tables {
            let there = "SELECT to_regclass(quote_ident($1)) IS NOT NULL";
            let name = names.table(table.name);
            if !self.client.query_one(there, &[&name]).await?.try_get::<_, bool>(0)? {
                continue;
            }
            let has_value = table.columns.iter().map(|column| match column.kind {
                ColumnKind::Key => "true".to_owned(),
                _ => format!("\"{}\".\"{}\" IS NOT NULL", table.name, column.name),
            });
            let has_value: Vec<String> = has_value.collect();
            let sql =
                format!("SELECT EXISTS (SELECT FROM \"{}\" WHERE {})", table.name, has_value.join(" OR "));
            if self.client.query_one(&*names.rename(&sql), &[]).await?.try_get(0)? {
                with_values.push(name.to_owned());
            }
        }
        Ok(with_values)
    }
}

/// Returns the statement that drops a table, or that drops the columns added to another feature's table.
fn drop_statement(table: &Table) -> String {
    if table.is_whole() {
        return format!("DROP TABLE \"{}\"", table.name);
    }
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("DROP COLUMN \"{}\"", column.name)).collect();
    format!("ALTER TABLE \"{}\" {}", table.name, columns.join(", "))
}
