//! A connection that runs statements with the database's names of tables and columns.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{AsQuery, AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};

use super::TableNames;
use crate::client::PgClient;

/// Maximum number of cached SQL texts. This crate has about fifty statements.
const MOST_TEXTS: usize = 500;

/// The names of a pool's database, and a cache of SQL with these names.
#[derive(Debug, Default)]
pub(crate) struct Rename {
    names: Arc<TableNames>,
    texts: Mutex<HashMap<String, Arc<str>>>,
}

impl Rename {
    pub(crate) fn new(names: Arc<TableNames>) -> Self {
        Self { names, texts: Mutex::default() }
    }

    /// Returns SQL with the database's names. Diesel generates the SQL at every execution, so the result is
    /// cached.
    fn text(&self, sql: String) -> Arc<str> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = texts.get(&sql) {
            return Arc::clone(text);
        }
        let text: Arc<str> = self.names.rename(&sql).into();
        if texts.len() < MOST_TEXTS {
            texts.insert(sql, Arc::clone(&text));
        }
        text
    }
}

/// The connection that repositories run their statements on.
pub(crate) struct NamedConnection {
    connection: PgClient,
    rename: Arc<Rename>,
}

impl NamedConnection {
    pub(crate) fn new(connection: PgClient, rename: Arc<Rename>) -> Self {
        Self { connection, rename }
    }

    /// Returns another handle on the same connection, as [`PgClient::handle`] does.
    pub(crate) fn handle(&self) -> Self {
        Self { connection: self.connection.handle(), rename: Arc::clone(&self.rename) }
    }

    /// Whether the connection can start a new operation.
    pub(crate) fn is_usable(&self) -> bool {
        self.connection.is_usable()
    }

    /// Returns the connection that does not replace names, for transactions and for statements that name no
    /// table.
    pub(crate) fn plain(&mut self) -> &mut PgClient {
        &mut self.connection
    }

    /// Returns the database's names.
    pub(crate) fn names(&self) -> &Arc<TableNames> {
        &self.rename.names
    }
}

impl SimpleAsyncConnection for NamedConnection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.connection.batch_execute(&self.rename.names.rename(query)).await
    }
}

impl AsyncConnectionCore for NamedConnection {
    type ExecuteFuture<'conn, 'query> = <PgClient as AsyncConnectionCore>::ExecuteFuture<'conn, 'query>;
    type LoadFuture<'conn, 'query> = <PgClient as AsyncConnectionCore>::LoadFuture<'conn, 'query>;
    type Stream<'conn, 'query> = <PgClient as AsyncConnectionCore>::Stream<'conn, 'query>;
    type Row<'conn, 'query> = <PgClient as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        self.connection.load(Named { query: source.as_query(), rename: Arc::clone(&self.rename) })
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        self.connection.execute_returning_count(Named { query: source, rename: Arc::clone(&self.rename) })
    }
}

/// A query whose SQL has the database's names. The names do not change while the process runs, so prepared
/// statements keep the cache keys of the wrapped query.
struct Named<Q> {
    query: Q,
    rename: Arc<Rename>,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Named<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.query.walk_ast(pass)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, backend: &Pg) -> QueryResult<()> {
        if self.rename.names.are_better_auths() {
            return self.query.to_sql(out, backend);
        }
        let mut text = PgQueryBuilder::default();
        self.query.to_sql(&mut text, backend)?;
        out.push_sql(&self.rename.text(text.finish()));
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
