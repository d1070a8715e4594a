//! One connection that runs Diesel's statements.
//!
//! Diesel generates a statement's SQL and its parameters. This module prepares, caches and runs the statement
//! on the driver's client (tokio-postgres). The connection of `diesel-async` does the same, but drops the
//! SQLSTATE of errors. Here the driver's own error is wrapped in [`DieselError::QueryBuilderError`], and
//! [`StoreError`](crate::StoreError) unwraps it.
//!
//! If the type of a query determines its SQL, that type is the key of the cached statement. The SQL is then
//! not generated again.

mod row;

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AsQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::result::{Error as DieselError, QueryResult};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use tokio::task::JoinHandle;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type};
use tokio_postgres::{Client, Statement};

use row::PgRow;

/// SQL that sets up every session.
const SESSION: &str = "SET TIME ZONE 'UTC'";

/// A connection with its cache of prepared statements.
pub(crate) struct PgClient {
    connected: Arc<Connected>,
    in_transaction: bool,
}

/// State shared by all handles on one connection.
struct Connected {
    client: Client,
    driver: JoinHandle<()>,
    statements: Mutex<HashMap<StatementKey, Statement>>,
}

/// The cache key of a prepared statement.
#[derive(PartialEq, Eq, Hash)]
enum StatementKey {
    /// The type of a query whose SQL is constant.
    Query(TypeId),
    /// The SQL and the types of its parameters.
    Text(String, Vec<u32>),
}

impl PgClient {
    /// Takes over a connection and sets up its session. `session` is SQL without parameters, sent in one
    /// message.
    pub(crate) async fn new(
        client: Client,
        connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
        session: Option<&str>,
    ) -> QueryResult<Self> {
        let driver = tokio::spawn(async move {
            // The client's futures return the same error.
            let _ = connection.await;
        });
        let connected = Arc::new(Connected { client, driver, statements: Mutex::default() });
        let mut own = Self { connected, in_transaction: false };
        let settings = session.map_or_else(|| SESSION.to_owned(), |session| format!("{SESSION}; {session}"));
        own.batch_execute(&settings).await?;
        Ok(own)
    }

    /// Returns another handle on the same connection. The statements of all handles are sent without waiting
    /// for each other and answered in order. No handle may begin a transaction while another one is used.
    pub(crate) fn handle(&self) -> Self {
        Self { connected: Arc::clone(&self.connected), in_transaction: false }
    }

    /// Begins a transaction with the given SQL.
    pub(crate) async fn begin(&mut self, sql: &str) -> QueryResult<()> {
        self.batch_execute(sql).await?;
        self.in_transaction = true;
        Ok(())
    }

    pub(crate) async fn commit(&mut self) -> QueryResult<()> {
        self.batch_execute("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    pub(crate) async fn rollback(&mut self) -> QueryResult<()> {
        self.batch_execute("ROLLBACK").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Sets a savepoint inside the transaction.
    pub(crate) async fn begin_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("SAVEPOINT nested").await
    }

    /// Releases the savepoint and keeps the work done since.
    pub(crate) async fn keep_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("RELEASE SAVEPOINT nested").await
    }

    /// Rolls back to the savepoint.
    pub(crate) async fn take_back_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("ROLLBACK TO SAVEPOINT nested").await
    }

    /// Whether the connection can start a new operation: it is open, and no transaction is open on it.
    pub(crate) fn is_usable(&self) -> bool {
        !self.in_transaction && !self.connected.client.is_closed()
    }

    /// Returns the cached statement of a query, or the data for preparing it. The result does not borrow the
    /// query.
    fn prepare<Q: QueryFragment<Pg> + QueryId>(&self, query: &Q) -> QueryResult<Prepared> {
        let mut collected = RawBytesBindCollector::<Pg>::new();
        query.collect_binds(&mut collected, &mut NoOwnTypes, &Pg)?;
        let oid =
            |of: &PgTypeMetadata| of.oid().map_err(|error| DieselError::SerializationError(error.into()));
        let types: Vec<u32> = collected.metadata.iter().map(oid).collect::<QueryResult<_>>()?;
        let binds = collected.binds.into_iter().map(Bind).collect();
        let text = || {
            let mut builder = PgQueryBuilder::default();
            query.to_sql(&mut builder, &Pg)?;
            QueryResult::Ok(builder.finish())
        };
        let key = match (query.is_safe_to_cache_prepared(&Pg)?, Q::query_id()) {
            (true, Some(id)) => Some(StatementKey::Query(id)),
            (true, None) => Some(StatementKey::Text(text()?, types.clone())),
            (false, _) => None,
        };
        if let Some(kept) = key.as_ref().and_then(|key| self.connected.statements().get(key).cloned()) {
            return Ok(Prepared { statement: Found::Kept(kept), binds });
        }
        let sql = match &key {
            Some(StatementKey::Text(text, _)) => text.clone(),
            Some(StatementKey::Query(_)) | None => text()?,
        };
        Ok(Prepared { statement: Found::New { key, sql, types }, binds })
    }

    async fn statement(&self, found: Found) -> QueryResult<Statement> {
        match found {
            Found::Kept(statement) => Ok(statement),
            Found::New { key, sql, types } => {
                let types: Vec<Type> = types.into_iter().map(type_of).collect();
                let statement = self.connected.client.prepare_typed(&sql, &types).await.map_err(failed)?;
                if let Some(key) = key {
                    self.connected.statements().insert(key, statement.clone());
                }
                Ok(statement)
            }
        }
    }
}

impl Connected {
    fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<StatementKey, Statement>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the connection. A statement that the server is still running is abandoned.
impl Drop for Connected {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A statement with its parameters.
struct Prepared {
    statement: Found,
    binds: Vec<Bind>,
}

enum Found {
    Kept(Statement),
    New { key: Option<StatementKey>, sql: String, types: Vec<u32> },
}

impl SimpleAsyncConnection for PgClient {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.connected.client.batch_execute(query).await.map_err(failed)
    }
}

impl AsyncConnectionCore for PgClient {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'static, QueryResult<PgRow>>;
    type Row<'conn, 'query> = PgRow;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let prepared = self.prepare(&source.as_query());
        async move {
            let Prepared { statement, binds } = prepared?;
            let statement = self.statement(statement).await?;
            let rows = self.connected.client.query_raw(&statement, binds).await.map_err(failed)?;
            Ok(rows.map_ok(PgRow::new).map_err(failed).boxed())
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        let prepared = self.prepare(&source);
        async move {
            let Prepared { statement, binds } = prepared?;
            let statement = self.statement(statement).await?;
            let count = self.connected.client.execute_raw(&statement, binds).await.map_err(failed)?;
            Ok(usize::try_from(count).unwrap_or(usize::MAX))
        }
        .boxed()
    }
}

/// Wraps the driver's error without losing information.
fn failed(error: tokio_postgres::Error) -> DieselError {
    DieselError::QueryBuilderError(Box::new(error))
}

/// Returns the driver's type for an OID.
fn type_of(oid: u32) -> Type {
    let own = || Type::new(format!("type {oid}"), oid, Kind::Simple, "public".to_owned());
    Type::from_oid(oid).unwrap_or_else(own)
}

/// Looks up no types: no statement of this crate has a parameter of a user-defined type.
struct NoOwnTypes;

impl PgMetadataLookup for NoOwnTypes {
    fn lookup_type(&mut self, _type_name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        // OID 0 means unspecified: the server infers the type.
        PgTypeMetadata::new(0, 0)
    }
}

/// A parameter in PostgreSQL's binary format, as Diesel encoded it.
#[derive(Debug)]
struct Bind(Option<Vec<u8>>);

impl ToSql for Bind {
    fn to_sql(
        &self,
        _type: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match &self.0 {
            Some(bytes) => {
                out.extend_from_slice(bytes);
                IsNull::No
            }
            None => IsNull::Yes,
        })
    }

    /// Always true, because the statement was prepared with the parameter's own type.
    fn accepts(_type: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
