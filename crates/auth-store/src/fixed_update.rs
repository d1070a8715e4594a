//! Lets an UPDATE be prepared once per connection, like every other statement.
//!
//! Diesel does not cache prepared UPDATE statements, because a changeset may set different columns on each
//! call. Preparing the statement each time would cost a second round trip. The statements wrapped here always
//! set the same columns, so their SQL is constant and serves as the cache key.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// An UPDATE that always sets the same columns.
pub(crate) struct FixedUpdate<Q>(pub(crate) Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for FixedUpdate<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q> QueryId for FixedUpdate<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for FixedUpdate<Q> {
    type SqlType = Q::SqlType;
}
