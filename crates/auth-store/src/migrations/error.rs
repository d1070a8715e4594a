//! Why the tables could not be made, or looked at.

use super::finding::Finding;
use crate::connection::ConnectError;
use crate::tls::TlsError;

/// Why migrations did not run or could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// No connection, or one through a pooler that must not be used.
    #[error("the database cannot be reached for migrations")]
    Connect(#[source] ConnectError),
    /// TLS cannot be set up as the address asks.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Tables of the same names are there and are not Better Auth's; nothing was changed.
    #[error("the database has tables that cannot be adopted: {}", list(findings))]
    NotAdoptable {
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// Tables made or adopted before have other names or another kind of ids; nothing was changed.
    #[error(
        "the tables made before do not fit the settings, of which [database.names] and database.generate_id say how the tables are: {}",
        list(findings)
    )]
    NotAsRecorded {
        /// What does not fit.
        findings: Vec<Finding>,
    },
    /// `down` would have dropped other tables than `up` made.
    #[error(
        "the tables of {feature} were made as {}, and [database.names] calls them {}; set the names of that time",
        made.join(", "), called.join(", ")
    )]
    OtherNames {
        /// Whose tables.
        feature: &'static str,
        /// What they were called.
        made: Vec<String>,
        /// What they would be called now.
        called: Vec<String>,
    },
    /// A statement failed, and everything before it was rolled back.
    #[error("{what} could not be changed, and nothing was")]
    Failed {
        /// What the statement was about.
        what: String,
        /// What the database said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// `down` would have dropped rows.
    #[error("{feature} keeps data ({}); ask for its loss explicitly to drop them", tables.join(", "))]
    WouldLoseData {
        /// Whose data.
        feature: &'static str,
        /// Tables that are not empty.
        tables: Vec<String>,
    },
    /// The database has the tables of a feature that this build does not know.
    #[error("the database has the tables of {feature}, which this build does not know; use the newer build")]
    Unknown {
        /// Its name.
        feature: String,
    },
    /// The record of what has run, or the catalogue, could not be read.
    #[error("the state of the database could not be read")]
    Query(#[source] tokio_postgres::Error),
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
