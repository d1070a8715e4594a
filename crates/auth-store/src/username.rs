//! Finds users by `username`, the unique field of Better Auth's `username` plugin (1.7.25).

use auth_core::{CREDENTIAL_PROVIDER, DeclaredFields, StoredHash, User};
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Text};
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;

use crate::error::{StoreError, read_failed};
use crate::fields::{FieldCells, FieldColumns, USER};
use crate::schema::{account, user};
use crate::tables::{Column, Part, Table};
use crate::user::{UserRepository, UserRow};

/// The columns that the plugin adds to `user`.
pub const USERNAME: Part = Part {
    feature: "username",
    tables: &[Table {
        name: USER,
        columns: &[Column::text(COLUMN).nullable().unique(), Column::text("displayUsername").nullable()],
    }],
};

/// Column of the usernames.
const COLUMN: &str = "username";

impl UserRepository<'_> {
    /// Finds a user by username together with the hash of the user's password, if there is one, in one
    /// statement. The comparison is exact: names are stored as the plugin normalizes them. `username` must be
    /// a declared field.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn find_credential_by_username(
        self,
        username: &str,
    ) -> Result<Option<(User, Option<StoredHash>)>, StoreError> {
        self.pool.read(|connection| find_credential_on(connection, self.fields, username).scope_boxed()).await
    }

    /// Returns whether a user has this username. `username` must be a declared field.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn has_username(self, username: &str) -> Result<bool, StoreError> {
        self.pool.read(|connection| count_on(connection, username).scope_boxed()).await.map(|users| users > 0)
    }
}

/// Selects the account as [`find_credential_by_email`](UserRepository::find_credential_by_email) does.
async fn find_credential_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    username: &str,
) -> Result<Option<(User, Option<StoredHash>)>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let is_credential = account::user_id
        .eq(user::id)
        .and(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .and(account::account_id.eq(user::id.cast::<Text>()));
    user::table
        .left_join(account::table.on(is_credential))
        .filter(HasUsername(username))
        .order(account::created_at.asc())
        .limit(1)
        .select((UserRow::columns(), account::password.nullable(), FieldColumns::of_user(fields)))
        .get_result::<(UserRow, Option<String>, FieldCells)>(connection)
        .await
        .optional()
        .map(|row| {
            row.map(|(user, password, cells)| {
                (user.into_user(cells.named(&fields.user)), password.map(StoredHash::from_stored))
            })
        })
        .map_err(|error| read_failed(USER, error))
}

async fn count_on<C>(connection: &mut C, username: &str) -> Result<i64, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let users = user::table.filter(HasUsername(username)).count().get_result(connection).await;
    users.map_err(|error| read_failed(USER, error))
}

/// The condition `"user"."username" = $1`. Only some databases have this column, so this crate's Diesel
/// schema does not contain it.
struct HasUsername<'a>(&'a str);

impl QueryFragment<Pg> for HasUsername<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_identifier(USER)?;
        out.push_sql(".");
        out.push_identifier(COLUMN)?;
        out.push_sql(" = ");
        out.push_bind_param::<Text, _>(self.0)
    }
}

/// Prepared statements with this condition are cached by their SQL, which is constant.
impl QueryId for HasUsername<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Expression for HasUsername<'_> {
    type SqlType = Bool;
}

impl ValidGrouping<()> for HasUsername<'_> {
    type IsAggregate = is_aggregate::No;
}

impl<QS> AppearsOnTable<QS> for HasUsername<'_> {}
