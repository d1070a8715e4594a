//! Errors of this crate, grouped by what the caller can do about them.
//!
//! A missing row is not an error: a lookup that finds nothing returns `Ok(None)`. An outage is always an
//! error.
//!
//! Server errors are classified by their SQLSTATE and by the names of constraints, which do not depend on the
//! server's language (`lc_messages`). The errors keep both.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DeserializeFieldError, Error as DieselError};
use tokio_postgres::error::SqlState;

use crate::connection::ConnectError;
use crate::database_url::DatabaseUrlError;
use crate::route::UnsafePooler;
use crate::tls::TlsError;
use crate::unreadable_cell::UnreadableCell;

/// Names of the constraints that Better Auth's schema has.
pub mod constraint {
    /// Email addresses of users are unique.
    pub const USER_EMAIL: &str = "user_email_key";
    /// Ids of users are unique.
    pub const USER_ID: &str = "user_pkey";
    /// Tokens of sessions are unique.
    pub const SESSION_TOKEN: &str = "session_token_key";
    /// A session references its user and is deleted with it.
    pub const SESSION_USER: &str = "session_userId_fkey";
    /// An account references its user and is deleted with it.
    pub const ACCOUNT_USER: &str = "account_userId_fkey";
}

/// Why an operation of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is unreachable, too slow or shutting down. A later retry may work. This error never means
    /// that a row does not exist.
    #[error("the database is not available")]
    Unavailable(#[source] Outage),
    /// A constraint refused the row: a similar row exists already, or the referenced row does not exist.
    #[error("the database refused a row by its constraint `{constraint}`")]
    Conflict {
        /// The constraint's name; see [`constraint`].
        constraint: String,
        /// The database's error.
        #[source]
        source: Cause,
    },
    /// The column cannot hold the value: text with a NUL character, text too long for its column or index, an
    /// id of another kind, or NULL in a column that needs a value.
    #[error("the database cannot hold the value: {reason}")]
    Rejected {
        /// The problem, without the value.
        reason: &'static str,
        /// The database's error, if the database refused the value.
        #[source]
        source: Option<Cause>,
    },
    /// A stored row breaks a rule that the schema should enforce.
    #[error("column `{column}` of table `{table}` holds what it must not hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column; `?` if the driver does not report it.
        column: String,
        /// The driver's error.
        #[source]
        source: DieselError,
    },
    /// The pooler in front of the database shares prepared statements between clients.
    #[error(transparent)]
    UnsafePooler(#[from] UnsafePooler),
    /// The database URL cannot be used.
    #[error(transparent)]
    Url(#[from] DatabaseUrlError),
    /// TLS cannot be set up as the database URL requires.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database refused a statement: a bug in this crate, or a schema that is not Better Auth's.
    #[error("the database refused a statement")]
    Query(#[source] Cause),
}

/// The underlying error, of the database or of Diesel.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server returned an error, or the connection failed.
    #[error(transparent)]
    Server(tokio_postgres::Error),
    /// Diesel could not build a statement or read a row.
    #[error(transparent)]
    Diesel(DieselError),
}

impl Cause {
    /// Returns the SQLSTATE, if the server sent one.
    pub fn sqlstate(&self) -> Option<&SqlState> {
        match self {
            Self::Server(error) => error.code(),
            Self::Diesel(_) => None,
        }
    }

    /// Returns the name of the constraint that refused a row, if any.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Server(error) => error.as_db_error()?.constraint(),
            Self::Diesel(_) => None,
        }
    }
}

impl From<DieselError> for Cause {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::QueryBuilderError(cause) => match cause.downcast::<tokio_postgres::Error>() {
                Ok(error) => Self::Server(*error),
                Err(cause) => Self::Diesel(DieselError::QueryBuilderError(cause)),
            },
            other => Self::Diesel(other),
        }
    }
}

/// Why the database was not available.
#[derive(Debug, thiserror::Error)]
pub enum Outage {
    /// No connection became free, or none could be opened, in time.
    #[error("no connection within {after:?}")]
    NoConnection {
        /// The time limit for waiting.
        after: Duration,
        /// Why the last attempt to open one failed, if one did.
        #[source]
        last_failure: Option<Arc<ConnectError>>,
    },
    /// No connection can be opened, and waiting would not help.
    #[error("no connection can be opened")]
    Connect(#[source] Arc<ConnectError>),
    /// The statement was not answered in time.
    #[error("no answer within {after:?}")]
    NoAnswer {
        /// The time limit of the whole operation.
        after: Duration,
    },
    /// The connection broke, or the server is shutting down.
    #[error("the connection was lost")]
    ConnectionLost(#[source] Cause),
    /// The server cancelled the statement: the statement or a lock took too long, or resources ran out.
    #[error("the server gave up on the statement")]
    GivenUp(#[source] Cause),
    /// A table changed after a statement on it was prepared. A fresh connection prepares it again.
    #[error("the connection's prepared statements are out of date")]
    StalePlan(#[source] Cause),
}

impl StoreError {
    /// Whether an immediate retry on a fresh connection may succeed.
    pub(crate) fn wants_fresh_connection(&self) -> bool {
        matches!(self, Self::Unavailable(Outage::ConnectionLost(_) | Outage::StalePlan(_)))
    }

    /// Returns the SQLSTATE that the server sent, if it sent one.
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.cause()?.sqlstate()
    }

    /// Whether a table of the statement does not exist in the database, because a migration has not run.
    pub fn is_missing_table(&self) -> bool {
        self.sqlstate() == Some(&SqlState::UNDEFINED_TABLE)
    }

    fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Unavailable(
                Outage::ConnectionLost(cause) | Outage::GivenUp(cause) | Outage::StalePlan(cause),
            )
            | Self::Conflict { source: cause, .. }
            | Self::Query(cause) => Some(cause),
            Self::Rejected { source, .. } => source.as_ref(),
            Self::Unavailable(Outage::NoConnection { .. } | Outage::Connect(_) | Outage::NoAnswer { .. })
            | Self::Inconsistent { .. }
            | Self::UnsafePooler(_)
            | Self::Url(_)
            | Self::Tls(_) => None,
        }
    }

    /// Creates the error for a value that is rejected before the database is asked.
    pub(crate) fn rejected(reason: &'static str) -> Self {
        Self::Rejected { reason, source: None }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let cause = Cause::from(error);
        let Cause::Server(error) = &cause else { return Self::Query(cause) };
        match Meaning::of(error) {
            Meaning::Lost => Self::Unavailable(Outage::ConnectionLost(cause)),
            Meaning::GivenUp => Self::Unavailable(Outage::GivenUp(cause)),
            Meaning::StalePlan => Self::Unavailable(Outage::StalePlan(cause)),
            Meaning::Conflict => {
                let constraint = cause.constraint().unwrap_or_default().to_owned();
                Self::Conflict { constraint, source: cause }
            }
            Meaning::Rejected(reason) => Self::Rejected { reason, source: Some(cause) },
            Meaning::Other => Self::Query(cause),
        }
    }
}

/// Converts a read error. The result names the table, and the column if it is known.
pub(crate) fn read_failed(table: &'static str, error: DieselError) -> StoreError {
    let DieselError::DeserializationError(cause) = &error else { return error.into() };
    let column = match cause.downcast_ref::<UnreadableCell>() {
        Some(cell) => Some(cell.column.clone()),
        None => cause.downcast_ref::<DeserializeFieldError>().and_then(|cause| cause.field_name.clone()),
    };
    StoreError::Inconsistent { table, column: column.unwrap_or_else(|| "?".to_owned()), source: error }
}

/// Rejects text with a NUL character, which Postgres cannot store, before the database is asked.
pub(crate) fn check_text<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    if texts.into_iter().any(|text| text.contains('\0')) {
        return Err(StoreError::rejected("text with a NUL character"));
    }
    Ok(())
}

/// The class of a server error, from the caller's point of view.
enum Meaning {
    Lost,
    GivenUp,
    StalePlan,
    Conflict,
    Rejected(&'static str),
    Other,
}

/// The PostgreSQL function that rejects a stale prepared statement. PostgreSQL reports function names
/// independently of its language. The SQLSTATE alone ("feature not supported") has many other causes.
const REVALIDATES_PLANS: &str = "RevalidateCachedQuery";

impl Meaning {
    /// Classifies an error by its SQLSTATE (PostgreSQL 12 to 18, appendix A of its manual).
    fn of(error: &tokio_postgres::Error) -> Self {
        // Not a server error but the driver's own: the connection is lost.
        let Some(database) = error.as_db_error() else { return Self::Lost };
        match database.code().code() {
            // PgBouncer also uses class 08 when it loses the server.
            code if code.starts_with("08") => Self::Lost,
            // Shut down or terminated, starting, idle for too long, database dropped.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => Self::Lost,
            // Cancelled, lock not available, deadlock, serialization failure, read-only standby.
            "57014" | "55P03" | "40P01" | "40001" | "25006" => Self::GivenUp,
            // Out of memory, disk space or connections.
            code if code.starts_with("53") => Self::GivenUp,
            "0A000" if database.routine() == Some(REVALIDATES_PLANS) => Self::StalePlan,
            "23505" | "23503" | "23514" | "23P01" => Self::Conflict,
            "23502" => Self::Rejected("nothing, in a column that needs a value"),
            "22021" => Self::Rejected("text with a NUL character"),
            // Text too long for its column, or a value too large for its index.
            "22001" | "54000" => Self::Rejected("too long"),
            "22003" => Self::Rejected("a number that the column cannot hold"),
            "22P05" => Self::Rejected("a character that the database's encoding lacks"),
            _ => Self::Other,
        }
    }
}
