//! What can go wrong between this crate and the database, sorted by what the caller does about it.
//!
//! Absence is not here: a lookup that finds nothing is `Ok(None)`, and an outage never is.
//!
//! Diesel keeps the kind of a server error and its text, not its SQLSTATE, so the rarer kinds are told
//! by what the connection did afterwards and by the server's English text. A server that speaks
//! another language (`lc_messages`) still answers every request correctly; a statement that it cancels
//! is then reported as [`StoreError::Query`] instead of [`StoreError::Unavailable`].

use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, DeserializeFieldError, Error as DieselError};

use crate::connection::ConnectError;
use crate::database_url::DatabaseUrlError;
use crate::fields::UnreadableCell;
use crate::pooler::UnsafePooler;
use crate::tls::TlsError;

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
#[non_exhaustive]
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
        source: DieselError,
    },
    /// A value that its column cannot hold: text with a NUL character, text too long for its column or index, an
    /// id of another kind, or none where one is needed.
    #[error("the database cannot hold the value: {reason}")]
    Rejected {
        /// What is wrong with it, without the value.
        reason: &'static str,
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
    Query(#[source] DieselError),
}

/// How the database was not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    ConnectionLost(#[source] DieselError),
    /// The server gave up on the statement: it or a lock took too long, or there was no room.
    #[error("the server gave up on the statement")]
    GivenUp(#[source] DieselError),
    /// A table changed under a prepared statement; a fresh connection knows the new form.
    #[error("the connection's prepared statements are out of date")]
    StalePlan(#[source] DieselError),
}

impl StoreError {
    /// Tells whether a fresh connection may well do better at once.
    pub(crate) fn wants_fresh_connection(&self) -> bool {
        matches!(self, Self::Unavailable(Outage::ConnectionLost(_) | Outage::StalePlan(_)))
    }

    /// Turns an error of unknown kind into a lost connection, once the connection turned out closed.
    pub(crate) fn after_close(self) -> Self {
        match self {
            Self::Query(error @ DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)) => {
                Self::Unavailable(Outage::ConnectionLost(error))
            }
            other => other,
        }
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else {
            return match error {
                DieselError::BrokenTransactionManager => Self::Unavailable(Outage::ConnectionLost(error)),
                other => Self::Query(other),
            };
        };
        match kind {
            DatabaseErrorKind::UniqueViolation
            | DatabaseErrorKind::ForeignKeyViolation
            | DatabaseErrorKind::CheckViolation
            | DatabaseErrorKind::ExclusionViolation => Self::Conflict {
                constraint: information.constraint_name().unwrap_or_default().to_owned(),
                source: error,
            },
            DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection => {
                Self::Unavailable(Outage::ConnectionLost(error))
            }
            DatabaseErrorKind::NotNullViolation => {
                Self::Rejected { reason: "nothing, in a column that needs a value" }
            }
            DatabaseErrorKind::SerializationFailure | DatabaseErrorKind::ReadOnlyTransaction => {
                Self::Unavailable(Outage::GivenUp(error))
            }
            _ => match Meaning::of(information.message()) {
                Meaning::Lost => Self::Unavailable(Outage::ConnectionLost(error)),
                Meaning::GivenUp => Self::Unavailable(Outage::GivenUp(error)),
                Meaning::StalePlan => Self::Unavailable(Outage::StalePlan(error)),
                Meaning::Rejected(reason) => Self::Rejected { reason },
                Meaning::Other => Self::Query(error),
            },
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
        return Err(StoreError::Rejected { reason: "text with a NUL character" });
    }
    Ok(())
}

/// What a server's message means to us.
enum Meaning {
    Lost,
    GivenUp,
    StalePlan,
    Rejected(&'static str),
    Other,
}

impl Meaning {
    /// Reads the server's text (PostgreSQL 12 to 18, unchanged in all of them).
    fn of(message: &str) -> Self {
        let starts = |texts: &[&str]| texts.iter().any(|text| message.starts_with(text));
        let contains = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
        // 57P01 to 57P05, 25P03, 08P01; the second line is PgBouncer's.
        if starts(&[
            "terminating connection",
            "the database system is",
            "terminating background",
            "server conn crashed",
        ]) || contains(&["server closed the connection", "server_login_retry", "query_wait_timeout"])
        {
            Self::Lost
        // 57014, 55P03, 40P01, 53xxx.
        } else if starts(&[
            "canceling statement",
            "deadlock detected",
            "out of memory",
            "out of shared memory",
            "could not extend file",
        ]) || contains(&[
            "too many clients",
            "too many connections",
            "remaining connection slots",
            "No space left on device",
        ]) {
            Self::GivenUp
        } else if message == "cached plan must not change result type" {
            Self::StalePlan
        } else if starts(&["invalid byte sequence for encoding"]) {
            Self::Rejected("text with a NUL character")
        } else if starts(&["value too long for type"]) || (starts(&["index row"]) && contains(&["maximum"])) {
            Self::Rejected("too long")
        } else if message == "integer out of range" {
            Self::Rejected("a number that the column cannot hold")
        } else if contains(&["has no equivalent in encoding"]) {
            Self::Rejected("a character that the database's encoding lacks")
        } else {
            Self::Other
        }
    }
}
