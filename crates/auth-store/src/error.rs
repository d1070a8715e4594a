//! What can go wrong between this crate and the database, sorted by what the caller does about it.
//!
//! Absence is not here: a lookup that finds nothing is `Ok(None)`, and an outage never is.
//!
//! Errors of the server are told apart by their SQLSTATE and by the names of constraints, whatever language
//! the server speaks (`lc_messages`), and keep both.

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
    /// No two users have one address.
    pub const USER_EMAIL: &str = "user_email_key";
    /// No two users have one id.
    pub const USER_ID: &str = "user_pkey";
    /// No two sessions have one token.
    pub const SESSION_TOKEN: &str = "session_token_key";
    /// A session belongs to a user and goes with it.
    pub const SESSION_USER: &str = "session_userId_fkey";
    /// An account belongs to a user and goes with it.
    pub const ACCOUNT_USER: &str = "account_userId_fkey";
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away, too slow or shutting down; trying later may work. Never means "there is
    /// no such row".
    #[error("the database is not available")]
    Unavailable(#[source] Outage),
    /// A row like this is there already, or the row that this one belongs to is not.
    #[error("the database refused a row by its constraint `{constraint}`")]
    Conflict {
        /// The constraint's name; see [`constraint`].
        constraint: String,
        /// The database's own words.
        #[source]
        source: Cause,
    },
    /// A value that its column cannot hold: text with a NUL character, text too long for its column or index,
    /// an id of another kind, or none where one is needed.
    #[error("the database cannot hold the value: {reason}")]
    Rejected {
        /// What is wrong with it, without the value.
        reason: &'static str,
        /// The database's own words, where it was the database that refused it.
        #[source]
        source: Option<Cause>,
    },
    /// A stored row breaks a rule that the schema should enforce.
    #[error("column `{column}` of table `{table}` holds what it must not hold")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column, where the driver tells it.
        column: String,
        /// What the driver said.
        #[source]
        source: DieselError,
    },
    /// The pooler in front of the database mixes up prepared statements.
    #[error(transparent)]
    UnsafePooler(#[from] UnsafePooler),
    /// The database's address cannot be used.
    #[error(transparent)]
    Url(#[from] DatabaseUrlError),
    /// TLS cannot be set up as the address asks.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database refused a statement: a defect here, or a schema that is not Better Auth's.
    #[error("the database refused a statement")]
    Query(#[source] Cause),
}

/// What the database, or the library that reads and writes its rows, said.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The server refused, or the connection to it failed.
    #[error(transparent)]
    Server(tokio_postgres::Error),
    /// Diesel could not write a statement or read a row.
    #[error(transparent)]
    Diesel(DieselError),
}

impl Cause {
    /// Gives the SQLSTATE, if the server sent one.
    pub fn sqlstate(&self) -> Option<&SqlState> {
        match self {
            Self::Server(error) => error.code(),
            Self::Diesel(_) => None,
        }
    }

    /// Gives the constraint that refused a row, if one did.
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

/// How the database was not available.
#[derive(Debug, thiserror::Error)]
pub enum Outage {
    /// No connection became free, or none could be opened, in time.
    #[error("no connection within {after:?}")]
    NoConnection {
        /// How long was waited.
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
        /// How long the whole operation took.
        after: Duration,
    },
    /// The connection broke, or the server is shutting down.
    #[error("the connection was lost")]
    ConnectionLost(#[source] Cause),
    /// The server gave up on the statement: it or a lock took too long, or there was no room.
    #[error("the server gave up on the statement")]
    GivenUp(#[source] Cause),
    /// A table changed under a prepared statement; a fresh connection knows the new form.
    #[error("the connection's prepared statements are out of date")]
    StalePlan(#[source] Cause),
}

impl StoreError {
    /// Tells whether a fresh connection may well do better at once.
    pub(crate) fn wants_fresh_connection(&self) -> bool {
        matches!(self, Self::Unavailable(Outage::ConnectionLost(_) | Outage::StalePlan(_)))
    }

    /// Gives the SQLSTATE that the server sent, if it sent one.
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.cause()?.sqlstate()
    }

    /// Whether a table that the statement names is not in the database: it was not migrated for what is asked of it.
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

    /// Refuses a value before the database is asked.
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

/// Names the table, and the column if it is known, of a row that could not be read.
pub(crate) fn read_failed(table: &'static str, error: DieselError) -> StoreError {
    let DieselError::DeserializationError(cause) = &error else { return error.into() };
    let column = match cause.downcast_ref::<UnreadableCell>() {
        Some(cell) => Some(cell.column.clone()),
        None => cause.downcast_ref::<DeserializeFieldError>().and_then(|cause| cause.field_name.clone()),
    };
    StoreError::Inconsistent { table, column: column.unwrap_or_else(|| "?".to_owned()), source: error }
}

/// Refuses text that Postgres cannot hold, whatever language the server would say so in.
pub(crate) fn check_text<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), StoreError> {
    if texts.into_iter().any(|text| text.contains('\0')) {
        return Err(StoreError::rejected("text with a NUL character"));
    }
    Ok(())
}

/// What a server's error means to the caller.
enum Meaning {
    Lost,
    GivenUp,
    StalePlan,
    Conflict,
    Rejected(&'static str),
    Other,
}

/// The function of the server that finds a prepared statement out of date. PostgreSQL names functions in
/// errors, in no language; the code alone, "feature not supported", has many other causes.
const REVALIDATES_PLANS: &str = "RevalidateCachedQuery";

impl Meaning {
    /// Reads the code (PostgreSQL 12 to 18, appendix A of its manual).
    fn of(error: &tokio_postgres::Error) -> Self {
        // The driver's own failure: the connection is gone.
        let Some(database) = error.as_db_error() else { return Self::Lost };
        match database.code().code() {
            // Class 08 is also what PgBouncer answers when it loses the server.
            code if code.starts_with("08") => Self::Lost,
            // Shut down or terminated, starting, idle for too long, the database dropped.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => Self::Lost,
            // Cancelled, a lock not had, a deadlock, a serialization failure, a standby.
            "57014" | "55P03" | "40P01" | "40001" | "25006" => Self::GivenUp,
            // No memory, no disk, no connection left.
            code if code.starts_with("53") => Self::GivenUp,
            "0A000" if database.routine() == Some(REVALIDATES_PLANS) => Self::StalePlan,
            "23505" | "23503" | "23514" | "23P01" => Self::Conflict,
            "23502" => Self::Rejected("nothing, in a column that needs a value"),
            "22021" => Self::Rejected("text with a NUL character"),
            // A text for its column, a value for its index.
            "22001" | "54000" => Self::Rejected("too long"),
            "22003" => Self::Rejected("a number that the column cannot hold"),
            "22P05" => Self::Rejected("a character that the database's encoding lacks"),
            _ => Self::Other,
        }
    }
}
