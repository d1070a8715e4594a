//! Which features have their tables, as the database itself records it.
//!
//! The record tells tables that were made from tables that were adopted, and under which names: settings that
//! were changed by mistake would otherwise make a second, empty set of tables beside the first.

use diesel::sql_types::{Bool, Text};
use diesel::{QueryableByName, sql_query};

use auth_core::DeclaredFields;

use super::error::MigrationError;
use super::fields;
use super::link::Link;
use crate::error::StoreError;
use crate::names::{NamedConnection, TableNames};
use crate::tables::{BOOKKEEPING_TABLE, CORE, JWT, Part, RATE_LIMIT, TableSet};

/// Records of builds that had numbered migrations, and the features whose tables those made.
const EARLIER: [(&str, &str); 4] = [
    ("2026-11-22-000000_core_tables", CORE.feature),
    ("2026-11-22-210000_rate_limit", RATE_LIMIT.feature),
    ("2026-11-22-210100_expiry_indexes", CORE.feature),
    ("2026-11-25-210000_jwks", JWT.feature),
];

/// The earlier records without which a feature lacks tables; the indexes are found by looking.
const WITHOUT_TABLES: &str = "2026-11-22-210100_expiry_indexes";

/// One feature, and whether the database has its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureStatus {
    /// The feature's name.
    pub feature: String,
    /// When its tables were made or adopted (RFC 3339, UTC), if they were.
    pub applied_at: Option<String>,
    /// Whether tables were there before.
    pub adopted: bool,
    /// Whether the settings ask for it.
    pub asked_for: bool,
    /// Whether this build knows it.
    pub known: bool,
}

/// What is recorded of one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The feature's name, also where an earlier build recorded it otherwise.
    pub(super) feature: String,
    pub(super) adopted: bool,
    pub(super) applied_at: String,
    /// What its tables were called; empty in the earliest records, whose tables had Better Auth's names.
    tables: Vec<String>,
}

impl Record {
    /// Gives what the tables of the feature were called.
    pub(super) fn made(&self, part: &Part) -> Vec<String> {
        match self.tables.is_empty() {
            true => part.tables.iter().map(|table| table.name.to_owned()).collect(),
            false => self.tables.clone(),
        }
    }
}

/// Gives what the database calls the tables of a feature.
pub(super) fn called(part: &Part, names: &TableNames) -> Vec<String> {
    part.tables.iter().map(|table| names.table(table.name).to_owned()).collect()
}

/// Tells whether a feature is among the records.
pub(super) fn has(records: &[Record], part: &Part) -> bool {
    records.iter().any(|record| record.feature == part.feature)
}

/// Gives the feature that a record is about.
fn feature_of(name: &str) -> &str {
    EARLIER.iter().find(|(earlier, _)| *earlier == name).map_or(name, |(_, feature)| *feature)
}

/// Lists the features of the settings with their state, then what else the database has a record of.
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
    /// Reads what is recorded, oldest first.
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
                // The last column came later than the table.
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

    /// Makes the table of records where it is not there.
    pub(super) async fn prepare_records(&self) -> Result<(), MigrationError> {
        let statement = "CREATE TABLE IF NOT EXISTS auth_schema_migrations (\
             name text PRIMARY KEY, adopted boolean NOT NULL, \
             applied_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP); \
             ALTER TABLE auth_schema_migrations ADD COLUMN IF NOT EXISTS tables text[]";
        self.client.batch_execute(statement).await.map_err(failed)
    }

    /// Notes that a feature has its tables now.
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

    /// Forgets a feature, under whatever name it is recorded.
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

/// Counts the features that have no record of their tables, and the missing columns of fields.
pub(crate) async fn pending_on(
    connection: &mut NamedConnection,
    tables: &TableSet,
    declared: &DeclaredFields,
) -> Result<usize, StoreError> {
    // Not at the top: it gives every type an `execute`, the driver's client too.
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
