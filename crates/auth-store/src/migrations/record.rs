//! The record, kept in the database, of the features whose tables exist.
//!
//! The record says whether the tables were created or adopted, and under which names. Without it, settings
//! that were changed by mistake would create a second, empty set of tables.

use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, sql_query};

use auth_core::DeclaredFields;

use super::error::MigrationError;
use super::fields;
use super::link::Link;
use crate::error::StoreError;
use crate::names::{NamedConnection, TableNames};
use crate::tables::{BOOKKEEPING_TABLE, CORE, JWT, Part, RATE_LIMIT, TableSet};

/// Records of older builds, which had numbered migrations, and the features whose tables they created.
const EARLIER: [(&str, &str); 4] = [
    ("2026-11-22-000000_core_tables", CORE.feature),
    ("2026-11-22-210000_rate_limit", RATE_LIMIT.feature),
    ("2026-11-22-210100_expiry_indexes", CORE.feature),
    ("2026-11-25-210000_jwks", JWT.feature),
];

/// The older record that stands for indexes only. It does not show that a feature has its tables, and
/// existing indexes are read from the catalogue.
const WITHOUT_TABLES: &str = "2026-11-22-210100_expiry_indexes";

/// One feature, and whether the database has its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureStatus {
    /// The feature's name.
    pub feature: String,
    /// When its tables were created or adopted (RFC 3339, UTC); `None` if they were not.
    pub applied_at: Option<String>,
    /// Whether some of its tables or columns existed before.
    pub adopted: bool,
    /// Whether the settings enable it.
    pub asked_for: bool,
    /// Whether this build knows it.
    pub known: bool,
}

/// The record of one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The feature's name. Names that older builds recorded are converted to it.
    pub(super) feature: String,
    pub(super) adopted: bool,
    pub(super) applied_at: String,
    /// The names of its tables in the database. Empty in the oldest records, whose tables have Better Auth's
    /// names.
    tables: Vec<String>,
}

impl Record {
    /// Returns the names under which the feature's tables were created.
    pub(super) fn made(&self, part: &Part) -> Vec<String> {
        match self.tables.is_empty() {
            true => part.tables.iter().map(|table| table.name.to_owned()).collect(),
            false => self.tables.clone(),
        }
    }
}

/// Returns the database's names for the tables of a feature.
pub(super) fn called(part: &Part, names: &TableNames) -> Vec<String> {
    part.tables.iter().map(|table| names.table(table.name).to_owned()).collect()
}

/// Whether a feature has a record.
pub(super) fn has(records: &[Record], part: &Part) -> bool {
    records.iter().any(|record| record.feature == part.feature)
}

/// Returns the feature of a record.
fn feature_of(name: &str) -> &str {
    EARLIER.iter().find(|(earlier, _)| *earlier == name).map_or(name, |(_, feature)| *feature)
}

/// Lists the features of the settings with their state, then the other features that have a record.
pub(super) fn status(records: &[Record], asked_for: &TableSet, known: &TableSet) -> Vec<FeatureStatus> {
    let of = |feature: &str| records.iter().find(|record| record.feature == feature);
    let mut all: Vec<FeatureStatus> = asked_for
        .parts()
        .map(|part| FeatureStatus {
            feature: part.feature.to_owned(),
            applied_at: of(part.feature).map(|record| record.applied_at.clone()),
            adopted: of(part.feature).is_some_and(|record| record.adopted),
            asked_for: true,
            known: true,
        })
        .collect();
    for record in records {
        if !all.iter().any(|status| status.feature == record.feature) {
            all.push(FeatureStatus {
                feature: record.feature.clone(),
                applied_at: Some(record.applied_at.clone()),
                adopted: record.adopted,
                asked_for: false,
                known: known.parts().any(|part| part.feature == record.feature),
            });
        }
    }
    all
}

impl Link {
    /// Reads the records, oldest first.
    pub(super) async fn recorded(&self) -> Result<Vec<Record>, MigrationError> {
        let there = self
            .client
            .query_one("SELECT to_regclass($1::text) IS NOT NULL", &[&BOOKKEEPING_TABLE])
            .await
            .and_then(|row| row.try_get::<_, bool>(0))
            .map_err(MigrationError::Query)?;
        if !there {
            return Ok(Vec::new());
        }
        let rows = self
            .client
            .query(
                // The column `tables` is newer than this table and may be missing. `to_jsonb` then gives no
                // value for it.
                "SELECT name, adopted, to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
                 ARRAY(SELECT jsonb_array_elements_text(nullif(to_jsonb(record) -> 'tables', 'null'))) \
                 FROM auth_schema_migrations record ORDER BY name",
                &[],
            )
            .await
            .map_err(MigrationError::Query)?;
        let mut records: Vec<Record> = Vec::new();
        for row in &rows {
            let read = || -> Result<(String, Record), tokio_postgres::Error> {
                let name: String = row.try_get(0)?;
                let feature = feature_of(&name).to_owned();
                let (adopted, applied_at, tables) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                Ok((name, Record { feature, adopted, applied_at, tables }))
            };
            let (name, record) = read().map_err(MigrationError::Query)?;
            if name != WITHOUT_TABLES {
                records.push(record);
            }
        }
        records.sort_by(|one, other| one.applied_at.cmp(&other.applied_at));
        Ok(records)
    }

    /// Creates the table of records if it does not exist.
    pub(super) async fn prepare_records(&self) -> Result<(), MigrationError> {
        let statement = "CREATE TABLE IF NOT EXISTS auth_schema_migrations (\
             name text PRIMARY KEY, adopted boolean NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP); \
             ALTER TABLE auth_schema_migrations ADD COLUMN IF NOT EXISTS tables text[]";
        self.client.batch_execute(statement).await.map_err(failed)
    }

    /// Records that the tables of a feature exist.
    pub(super) async fn record(
        &self,
        part: &Part,
        adopted: bool,
        names: &TableNames,
    ) -> Result<(), MigrationError> {
        let insert = "INSERT INTO auth_schema_migrations (name, adopted, tables) VALUES ($1, $2, $3)";
        let tables = called(part, names);
        self.client.execute(insert, &[&part.feature, &adopted, &tables]).await.map_err(failed)?;
        Ok(())
    }

    /// Deletes the records of a feature, including those with older names.
    pub(super) async fn forget(&self, part: &Part) -> Result<(), MigrationError> {
        let earlier = EARLIER.iter().filter(|(_, feature)| *feature == part.feature).map(|(name, _)| *name);
        let names: Vec<&str> = earlier.chain([part.feature]).collect();
        let delete = "DELETE FROM auth_schema_migrations WHERE name = ANY ($1)";
        self.client.execute(delete, &[&names]).await.map_err(failed)?;
        Ok(())
    }
}

fn failed(source: tokio_postgres::Error) -> MigrationError {
    MigrationError::Failed { what: BOOKKEEPING_TABLE.to_owned(), source }
}

/// Counts the features without a record, plus the missing columns of additional fields.
pub(crate) async fn pending_on(
    connection: &mut NamedConnection,
    tables: &TableSet,
    declared: &DeclaredFields,
) -> Result<usize, StoreError> {
    // Imported here, because at module level the trait would add another `execute` to the driver's client.
    use diesel_async::RunQueryDsl;

    #[derive(QueryableByName)]
    struct There {
        #[diesel(sql_type = Bool)]
        there: bool,
    }
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let there: There = sql_query("SELECT to_regclass('auth_schema_migrations') IS NOT NULL AS there")
        .get_result(connection.plain())
        .await?;
    let recorded: Vec<Name> = if there.there {
        sql_query("SELECT name FROM auth_schema_migrations").load(connection.plain()).await?
    } else {
        Vec::new()
    };
    let is_recorded = |part: &Part| {
        let mut records = recorded.iter().filter(|record| record.name != WITHOUT_TABLES);
        records.any(|record| feature_of(&record.name) == part.feature)
    };
    let columns = fields::missing_on(connection, declared).await?;
    if !columns.is_empty() {
        tracing::warn!(columns = columns.join(", "), "columns of additional fields are missing");
    }
    Ok(tables.parts().filter(|part| !is_recorded(part)).count() + columns.len())
}
