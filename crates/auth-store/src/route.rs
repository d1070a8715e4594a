//! The supported routes to Postgres, and the unsafe one. [`pooler`](crate::pooler) detects the route.

/// What is between this process and Postgres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Postgres itself, or a pooler in session mode. Session settings affect only this client.
    Direct,
    /// A pooler in transaction mode that keeps the prepared statements of its clients separate.
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
