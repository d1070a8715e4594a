//! A connection whose statements name tables and columns as the database does.

use std::sync::Arc;

use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AsQuery, AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};

use super::TableNames;

/// What repositories run their statements on.
pub(crate) struct NamedConnection {
    connection: AsyncPgConnection,
    names: Arc<TableNames>,
}

impl NamedConnection {
    pub(crate) fn new(connection: AsyncPgConnection, names: Arc<TableNames>) -> Self {
        Self { connection, names }
    }

    /// Gives the connection itself: for transactions, and for statements that name no table.
    pub(crate) fn plain(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }

    /// Gives the names that the connection exchanges.
    pub(crate) fn names(&self) -> &Arc<TableNames> {
        &self.names
    }
}

impl SimpleAsyncConnection for NamedConnection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.connection.batch_execute(&self.names.exchange(query)).await
    }
}

impl AsyncConnectionCore for NamedConnection {
    type ExecuteFuture<'conn, 'query> =
        <AsyncPgConnection as AsyncConnectionCore>::ExecuteFuture<'conn, 'query>;
    type LoadFuture<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::LoadFuture<'conn, 'query>;
    type Stream<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Stream<'conn, 'query>;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        self.connection.load(Named { query: source.as_query(), names: Arc::clone(&self.names) })
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        self.connection.execute_returning_count(Named { query: source, names: Arc::clone(&self.names) })
    }
}

/// A statement whose text has the database's names. Names do not change while a process runs, so that prepared
/// statements are kept by what they were kept by before, and most texts are made once.
struct Named<Q> {
    query: Q,
    names: Arc<TableNames>,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Named<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        if self.names.are_better_auths() {
            return self.query.to_sql(out, backend);
        }
        let mut text = PgQueryBuilder::default();
        self.query.to_sql(&mut text, backend)?;
        out.push_sql(&self.names.exchange(&text.finish()));
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, backend: &Pg) -> QueryResult<bool> {
        self.query.is_safe_to_cache_prepared(backend)
    }
}

impl<Q: QueryId> QueryId for Named<Q> {
    type QueryId = Q::QueryId;

    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Named<Q> {
    type SqlType = Q::SqlType;
}
