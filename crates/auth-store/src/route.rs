//! The ways to Postgres that connections can take, and the one that is refused; [`pooler`](crate::pooler)
//! finds out.

/// What stands between this process and Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Postgres itself, or a pooler in session mode: the session is ours.
    Direct,
    /// A pooler in transaction mode that keeps prepared statements apart.
    TransactionPooler,
}

/// A pooler that lets clients see each other's prepared statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the pooler in front of the database shares prepared statements between clients, so one client can run another's: \
     use PgBouncer 1.21 or newer with max_prepared_statements above 0, or its session mode (pool_mode = session), \
     or the direct address of the database"
)]
pub struct UnsafePooler;
