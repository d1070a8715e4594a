//! The `user` table.

use auth_core::{AdditionalValues, CREDENTIAL_PROVIDER, DeclaredFields, Email, StoredHash, User, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use futures_util::FutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fields::{Bound, FieldCells, FieldColumns, InsertRow, USER, bound_fields};
use crate::id::IdKind;
use crate::pool::Pool;
use crate::schema::{account, user};
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "user";

/// Finds and stores users.
#[derive(Clone, Copy, Debug)]
pub struct UserRepository<'store> {
    pool: &'store Pool,
    fields: &'store DeclaredFields,
    ids: IdKind,
}

impl<'store> UserRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, fields: &'store DeclaredFields, ids: IdKind) -> Self {
        Self { pool, fields, ids }
    }

    /// Finds a user by id. What is no id of the tables' kind is nobody's.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Inconsistent`] when a
    /// column holds what it must not, [`StoreError::Query`] otherwise.
    pub async fn find_by_id(self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.pool
            .read(&(self.fields, self.ids, id), |connection, &(fields, ids, id)| {
                find_by_id_on(connection, fields, ids, id).boxed()
            })
            .await
    }

    /// Finds a user by address. The comparison is exact; addresses are stored in lower case.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn find_by_email(self, email: &Email) -> Result<Option<User>, StoreError> {
        self.pool
            .read(&(self.fields, email), |connection, &(fields, email)| {
                find_by_email_on(connection, fields, email).boxed()
            })
            .await
    }

    /// Finds a user by address together with the hash of the user's password, if there is one, in one
    /// statement.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn find_credential_by_email(
        self,
        email: &Email,
    ) -> Result<Option<(User, Option<StoredHash>)>, StoreError> {
        self.pool
            .read(&(self.fields, email), |connection, &(fields, email)| {
                find_credential_by_email_on(connection, fields, email).boxed()
            })
            .await
    }
}

pub(crate) async fn find_by_id_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    ids: IdKind,
    id: &UserId,
) -> Result<Option<User>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    user::table
        .filter(user::id.eq(ids.sought(id.as_str())))
        .select((UserRow::columns(), FieldColumns::of_user(fields)))
        .get_result::<(UserRow, FieldCells)>(connection)
        .await
        .optional()
        .map(|row| row.map(|(user, cells)| user.into_user(cells.named(&fields.user))))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn find_by_email_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    email: &Email,
) -> Result<Option<User>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    user::table
        .filter(user::email.eq(email.as_str()))
        .select((UserRow::columns(), FieldColumns::of_user(fields)))
        .get_result::<(UserRow, FieldCells)>(connection)
        .await
        .optional()
        .map(|row| row.map(|(user, cells)| user.into_user(cells.named(&fields.user))))
        .map_err(|error| read_failed(TABLE, error))
}

/// The credential account is the one whose provider is `credential` and whose `accountId` is the
/// user's own id (Better Auth core §11.2); should a database hold several, the oldest counts.
pub(crate) async fn find_credential_by_email_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    email: &Email,
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
        .filter(user::email.eq(email.as_str()))
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
        .map_err(|error| read_failed(TABLE, error))
}

/// Stores a user; gives it with the id and the additional fields as the database has them.
pub(crate) async fn insert_on<C>(
    connection: &mut C,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &User,
) -> Result<User, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let User { id, name, email, email_verified, image, created_at, updated_at, additional } = new;
    check_text([name.as_str(), email.as_str()].into_iter().chain(image.as_deref()))?;
    let mut columns = vec![
        ("id", Bound::Id(ids.new_id(id.as_str()))),
        ("name", Bound::Text(Some(name))),
        ("email", Bound::Text(Some(email.as_str()))),
        ("emailVerified", Bound::Boolean(Some(*email_verified))),
        ("image", Bound::Text(image.as_deref())),
        ("createdAt", Bound::Time(Some(to_milliseconds(*created_at)))),
        ("updatedAt", Bound::Time(Some(to_milliseconds(*updated_at)))),
    ];
    columns.extend(bound_fields(&fields.user, additional)?);
    let insert = InsertRow { table: USER, columns, returning: (user::id, FieldColumns::of_user(fields)) };
    let (id, cells) = insert
        .get_result::<(String, FieldCells)>(connection)
        .await
        .map_err(|error| read_failed(TABLE, error))?;
    Ok(User { id: UserId::from_stored(id), additional: cells.named(&fields.user), ..new.clone() })
}

/// A stored user, as the session lookup reads it too.
#[derive(Queryable, Selectable)]
#[diesel(table_name = user, check_for_backend(Pg))]
pub(crate) struct UserRow {
    id: String,
    name: String,
    email: String,
    email_verified: bool,
    image: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl UserRow {
    /// Gives its columns; additional fields can stand after them in one list.
    pub(crate) fn columns() -> <Self as Selectable<Pg>>::SelectExpression {
        <Self as Selectable<Pg>>::construct_selection()
    }

    pub(crate) fn into_user(self, additional: AdditionalValues) -> User {
        let Self { id, name, email, email_verified, image, created_at, updated_at } = self;
        User {
            id: UserId::from_stored(id),
            name,
            email: Email::from_stored(email),
            email_verified,
            image,
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
            additional,
        }
    }
}
