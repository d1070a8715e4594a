//! One connection that runs what Diesel writes.
//!
//! Diesel writes a statement's text and its parameters; this prepares, keeps and runs it on the driver's
//! client. `diesel-async` has a connection that does the same and drops the SQLSTATE of errors. Here errors
//! travel as the driver's own, inside [`DieselError::QueryBuilderError`], and
//! [`StoreError`](crate::StoreError) takes them out.
//!
//! A kept statement is found by the type of its query where that decides the text. Its text is then not
//! written again.

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

/// What every session is set to before anything else.
const SESSION: &str = "SET TIME ZONE 'UTC'";

/// A connection, and the statements that are prepared on it.
pub(crate) struct PgClient {
    connected: Arc<Connected>,
    in_transaction: bool,
}

/// What handles on one connection share.
struct Connected {
    client: Client,
    driver: JoinHandle<()>,
    statements: Mutex<HashMap<StatementKey, Statement>>,
}

/// What a prepared statement is kept by.
#[derive(PartialEq, Eq, Hash)]
enum StatementKey {
    /// The type of a query that always has the same text.
    Query(TypeId),
    /// The text and the types of its parameters.
    Text(String, Vec<u32>),
}

impl PgClient {
    /// Takes over a connection and sets up its session: `session` is SQL without parameters, sent in one
    /// message.
    pub(crate) async fn new(
        client: Client,
        connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
        session: Option<&str>,
    ) -> QueryResult<Self> {
        let driver = tokio::spawn(async move {
            // Errors reach the client's futures as well.
            let _ = connection.await;
        });
        let connected = Arc::new(Connected { client, driver, statements: Mutex::default() });
        let mut own = Self { connected, in_transaction: false };
        let settings = session.map_or_else(|| SESSION.to_owned(), |session| format!("{SESSION}; {session}"));
        own.batch_execute(&settings).await?;
        Ok(own)
    }

    /// Gives another handle on the same connection. Statements of both are sent without waiting for each other and
    /// answered in order; neither may begin a transaction while the other is used.
    pub(crate) fn handle(&self) -> Self {
        Self { connected: Arc::clone(&self.connected), in_transaction: false }
    }

    /// Begins a transaction by the given SQL.
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

    /// Begins work inside the transaction that can be taken back alone.
    pub(crate) async fn begin_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("SAVEPOINT nested").await
    }

    /// Keeps that work.
    pub(crate) async fn keep_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("RELEASE SAVEPOINT nested").await
    }

    /// Takes that work back.
    pub(crate) async fn take_back_nested(&mut self) -> QueryResult<()> {
        self.batch_execute("ROLLBACK TO SAVEPOINT nested").await
    }

    /// Tells whether the connection can take a new operation: it is open, and no transaction was left open.
    pub(crate) fn is_usable(&self) -> bool {
        !self.in_transaction && !self.connected.client.is_closed()
    }

    /// Finds the statement of a query, or what preparing it takes. The query itself is not needed afterwards.
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

/// A statement that leaves with its connection: what the server is still doing is of no interest then.
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

/// Passes the driver's error on as a whole.
fn failed(error: tokio_postgres::Error) -> DieselError {
    DieselError::QueryBuilderError(Box::new(error))
}

/// Gives the driver's type of a number.
fn type_of(oid: u32) -> Type {
    let own = || Type::new(format!("type {oid}"), oid, Kind::Simple, "public".to_owned());
    Type::from_oid(oid).unwrap_or_else(own)
}

/// No statement here has a parameter of a type that the database itself defines.
struct NoOwnTypes;

impl PgMetadataLookup for NoOwnTypes {
    fn lookup_type(&mut self, _type_name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        // The number of an unspecified type: the server decides.
        PgTypeMetadata::new(0, 0)
    }
}

/// A parameter in PostgreSQL's binary form, as Diesel wrote it.
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

    /// The statement was prepared with the parameter's own type.
    fn accepts(_type: &Type) -> bool {
        true
    }

    tokio_postgres::types::to_sql_checked!();
}
