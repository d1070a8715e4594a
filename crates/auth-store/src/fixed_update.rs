//! Lets an UPDATE be prepared once per connection, as every other statement is.
//!
//! Diesel never keeps an UPDATE, because the columns of its changeset may differ from call to call; it
//! would cost a second round trip each time. Those wrapped here always set the same columns, so their
//! SQL never differs, and it is the SQL that they are kept by.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;

/// An UPDATE whose columns are always the same.
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
