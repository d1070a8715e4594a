//! The `user` table.

use auth_core::{AdditionalValues, CREDENTIAL_PROVIDER, Email, StoredHash, User, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use futures_util::FutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::pool::Pool;
use crate::schema::{account, user};
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "user";

/// Finds and stores users.
#[derive(Clone, Copy, Debug)]
pub struct UserRepository<'store> {
    pool: &'store Pool,
}

impl<'store> UserRepository<'store> {
    pub(crate) fn new(pool: &'store Pool) -> Self {
        Self { pool }
    }

    /// Finds a user by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Inconsistent`] when a
    /// column holds what it must not, [`StoreError::Query`] otherwise.
    pub async fn find_by_id(self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.pool.read(id, |connection, id| find_by_id_on(connection, id).boxed()).await
    }

    /// Finds a user by address. The comparison is exact; addresses are stored in lower case.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn find_by_email(self, email: &Email) -> Result<Option<User>, StoreError> {
        self.pool.read(email, |connection, email| find_by_email_on(connection, email).boxed()).await
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
            .read(email, |connection, email| find_credential_by_email_on(connection, email).boxed())
            .await
    }
}

pub(crate) async fn find_by_id_on<C>(connection: &mut C, id: &UserId) -> Result<Option<User>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    user::table
        .filter(user::id.eq(id.as_str()))
        .select(UserRow::as_select())
        .get_result::<UserRow>(connection)
        .await
        .optional()
        .map(|row| row.map(User::from))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn find_by_email_on<C>(connection: &mut C, email: &Email) -> Result<Option<User>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    user::table
        .filter(user::email.eq(email.as_str()))
        .select(UserRow::as_select())
        .get_result::<UserRow>(connection)
        .await
        .optional()
        .map(|row| row.map(User::from))
        .map_err(|error| read_failed(TABLE, error))
}

/// The credential account is the one whose provider is `credential` and whose `accountId` is the
/// user's own id (Better Auth core §11.2); should a database hold several, the oldest counts.
pub(crate) async fn find_credential_by_email_on<C>(
    connection: &mut C,
    email: &Email,
) -> Result<Option<(User, Option<StoredHash>)>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let is_credential = account::user_id
        .eq(user::id)
        .and(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .and(account::account_id.eq(user::id));
    user::table
        .left_join(account::table.on(is_credential))
        .filter(user::email.eq(email.as_str()))
        .order(account::created_at.asc())
        .limit(1)
        .select((UserRow::as_select(), account::password.nullable()))
        .get_result::<(UserRow, Option<String>)>(connection)
        .await
        .optional()
        .map(|row| row.map(|(user, password)| (User::from(user), password.map(StoredHash::from_stored))))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn insert_on<C>(connection: &mut C, new: &User) -> Result<(), StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([new.name.as_str(), new.email.as_str()].into_iter().chain(new.image.as_deref()))?;
    diesel::insert_into(user::table).values(NewUserRow::from(new)).execute(connection).await?;
    Ok(())
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

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        let UserRow { id, name, email, email_verified, image, created_at, updated_at } = row;
        Self {
            id: UserId::from_stored(id),
            name,
            email: Email::from_stored(email),
            email_verified,
            image,
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
            additional: AdditionalValues::default(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = user, treat_none_as_default_value = false)]
struct NewUserRow<'a> {
    id: &'a str,
    name: &'a str,
    email: &'a str,
    email_verified: bool,
    image: Option<&'a str>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl<'a> From<&'a User> for NewUserRow<'a> {
    fn from(user: &'a User) -> Self {
        let User { id, name, email, email_verified, image, created_at, updated_at, additional: _ } = user;
        Self {
            id: id.as_str(),
            name,
            email: email.as_str(),
            email_verified: *email_verified,
            image: image.as_deref(),
            created_at: to_milliseconds(*created_at),
            updated_at: to_milliseconds(*updated_at),
        }
    }
}
