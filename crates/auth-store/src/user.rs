//! The `user` table.

use auth_core::{AdditionalValues, CREDENTIAL_PROVIDER, DeclaredFields, Email, StoredHash, User, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fields::{Bound, FieldCells, FieldColumns, InsertRow, USER, bound_fields};
use crate::gates::{self, UserGates, UserStanding};
use crate::id::IdKind;
use crate::pool::Pool;
use crate::schema::{account, user};
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "user";

/// Finds and stores users.
#[derive(Clone, Copy, Debug)]
pub struct UserRepository<'store> {
    pub(crate) pool: &'store Pool,
    pub(crate) fields: &'store DeclaredFields,
    pub(crate) ids: IdKind,
}

impl<'store> UserRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, fields: &'store DeclaredFields, ids: IdKind) -> Self {
        Self { pool, fields, ids }
    }

    /// Finds a user by id. An id that is not valid for the tables' [`IdKind`] finds no user.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Inconsistent`] when a
    /// column holds an invalid value, [`StoreError::Query`] otherwise.
    pub async fn find_by_id(self, id: &UserId) -> Result<Option<User>, StoreError> {
        self.pool.read(|connection| find_by_id_on(connection, self.fields, self.ids, id).scope_boxed()).await
    }

    /// Finds a user by email address. The comparison is exact; addresses are stored in lower case.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn find_by_email(self, email: &Email) -> Result<Option<User>, StoreError> {
        self.pool.read(|connection| find_by_email_on(connection, self.fields, email).scope_boxed()).await
    }

    /// Finds a user by email address together with the hash of the user's password, if there is one, in one
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
            .read(|connection| find_credential_by_email_on(connection, self.fields, email).scope_boxed())
            .await
    }

    /// Reads whether a second factor or a ban prevents a user's sign-in. Without the columns, or without the
    /// user, nothing prevents it. Without the columns no statement runs.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn standing(self, gates: &UserGates, id: &UserId) -> Result<UserStanding, StoreError> {
        if gates.is_empty() {
            return Ok(UserStanding::default());
        }
        self.pool.read(|connection| gates::standing_on(connection, gates, self.ids, id).scope_boxed()).await
    }

    /// Ends a user's ban if it has expired at `now`, as the `admin` plugin does at the next sign-in. Returns
    /// whether it did. It is one conditional UPDATE: a ban that was set or extended concurrently stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Query`] otherwise.
    pub async fn lift_expired_ban(
        self,
        gates: &UserGates,
        id: &UserId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        if !gates.has_bans() {
            return Ok(false);
        }
        self.pool
            .write(|connection| gates::lift_expired_on(connection, gates, self.ids, id, now).scope_boxed())
            .await
    }

    /// Counts the users with a second factor, which this server does not support. Reads the whole table. The
    /// command `check` uses it.
    ///
    /// # Errors
    ///
    /// As [`find_by_id`](Self::find_by_id).
    pub async fn count_with_two_factor(self, gates: &UserGates) -> Result<i64, StoreError> {
        if !gates.has_two_factor() {
            return Ok(0);
        }
        self.pool.read(|connection| gates::count_two_factor_on(connection, gates).scope_boxed()).await
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
        .filter(user::id.eq(ids.lookup_id(id.as_str())))
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

/// The credential account is the one whose provider is `credential` and whose `accountId` is the user's own
/// id (Better Auth core §11.2). If there are several, the oldest is used.
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

/// Stores a user. Returns it with the id and the additional fields as the database stored them.
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

/// A stored user. The session lookup reads it too.
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
    /// Returns its columns. Additional fields can follow them in the same list.
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
