//! Errors of the migrations.

use super::finding::Finding;
use crate::connection::ConnectError;
use crate::tls::TlsError;

/// Why migrations failed, or why the state of the database could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// No connection could be opened, or the pooler in front of the database is unsafe.
    #[error("the database cannot be reached for migrations")]
    Connect(#[source] ConnectError),
    /// TLS cannot be set up as the database URL requires.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Tables of the same names exist, but are not Better Auth's. Nothing was changed.
    #[error("the database has tables that cannot be adopted: {}", list(findings))]
    NotAdoptable {
        /// The differences.
        findings: Vec<Finding>,
    },
    /// The recorded tables have other names or another kind of ids than the settings say. Nothing was
    /// changed.
    #[error(
        "the tables made before do not fit the settings, of which [database.names] and database.generate_id say how the tables are: {}",
        list(findings)
    )]
    NotAsRecorded {
        /// The differences.
        findings: Vec<Finding>,
    },
    /// `down` would have dropped other tables than `up` created, because the names in the settings have
    /// changed.
    #[error(
        "the tables of {feature} were made as {}, and [database.names] calls them {}; set the names of that time",
        made.join(", "), called.join(", ")
    )]
    OtherNames {
        /// The feature that the tables belong to.
        feature: &'static str,
        /// The names under which they were created.
        made: Vec<String>,
        /// The names according to the settings.
        called: Vec<String>,
    },
    /// A statement failed, and everything before it was rolled back.
    #[error("{what} could not be changed, and nothing was")]
    Failed {
        /// The object that the statement creates or drops.
        what: String,
        /// The database's error.
        #[source]
        source: tokio_postgres::Error,
    },
    /// `down` would have dropped data.
    #[error("{feature} keeps data ({}); ask for its loss explicitly to drop them", tables.join(", "))]
    WouldLoseData {
        /// The feature that the data belong to.
        feature: &'static str,
        /// Tables that are not empty.
        tables: Vec<String>,
    },
    /// The database has the tables of a feature that this build does not know.
    #[error("the database has the tables of {feature}, which this build does not know; use the newer build")]
    Unknown {
        /// The feature's name.
        feature: String,
    },
    /// The record of the features, or the system catalogue, could not be read.
    #[error("the state of the database could not be read")]
    Query(#[source] tokio_postgres::Error),
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
