//! The `account` table: how users sign in. The token columns of external providers are not used.

use auth_core::{Account, AccountId, CREDENTIAL_PROVIDER, StoredHash, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fixed_update::FixedUpdate;
use crate::id::{BoundId, IdKind};
use crate::pool::Pool;
use crate::schema::account;
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "account";

/// Finds and changes accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountRepository<'store> {
    pool: &'store Pool,
    ids: IdKind,
}

impl<'store> AccountRepository<'store> {
    pub(crate) fn new(pool: &'store Pool, ids: IdKind) -> Self {
        Self { pool, ids }
    }

    /// Finds the account that holds a user's password.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is unavailable, [`StoreError::Inconsistent`] when a
    /// column holds an invalid value, [`StoreError::Query`] otherwise.
    pub async fn find_credential(self, user_id: &UserId) -> Result<Option<Account>, StoreError> {
        self.pool.read(|connection| find_credential_on(connection, self.ids, user_id).scope_boxed()).await
    }

    /// Returns one stored hash of each scheme that occurs, at most eight. Reads the whole table.
    ///
    /// # Errors
    ///
    /// As [`find_credential`](Self::find_credential).
    pub async fn password_samples(self) -> Result<Vec<StoredHash>, StoreError> {
        self.pool.read(|connection| password_samples_on(connection).scope_boxed()).await
    }

    /// Replaces a user's password hash if it is still the one that was verified. Returns whether it was
    /// replaced.
    ///
    /// The condition prevents a slow request from overwriting a newer password.
    ///
    /// # Errors
    ///
    /// As [`find_credential`](Self::find_credential).
    pub async fn update_password(
        self,
        user_id: &UserId,
        verified: &StoredHash,
        password: &StoredHash,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.pool
            .write(|connection| {
                update_password_on(connection, self.ids, user_id, verified, password, now).scope_boxed()
            })
            .await
    }
}

pub(crate) async fn find_credential_on<C>(
    connection: &mut C,
    ids: IdKind,
    user_id: &UserId,
) -> Result<Option<Account>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    account::table
        .filter(account::user_id.eq(ids.lookup_id(user_id.as_str())))
        .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .filter(account::account_id.eq(user_id.as_str()))
        .order(account::created_at.asc())
        .limit(1)
        .select(AccountRow::as_select())
        .get_result::<AccountRow>(connection)
        .await
        .optional()
        .map(|row| row.map(Account::from))
        .map_err(|error| read_failed(TABLE, error))
}

pub(crate) async fn update_password_on<C>(
    connection: &mut C,
    ids: IdKind,
    user_id: &UserId,
    verified: &StoredHash,
    password: &StoredHash,
    now: OffsetDateTime,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let credential = account::table
        .filter(account::user_id.eq(ids.lookup_id(user_id.as_str())))
        .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .filter(account::account_id.eq(user_id.as_str()))
        .filter(account::password.eq(verified.expose()));
    let update = diesel::update(credential)
        .set((account::password.eq(password.expose()), account::updated_at.eq(to_milliseconds(now))));
    let changed = FixedUpdate(update).execute(connection).await?;
    Ok(changed > 0)
}

/// Returns whether the stored hash is the verified one. If it is, the row is locked until the transaction
/// ends: the password cannot change, and other sign-ins of the user wait.
pub(crate) async fn hold_password_on<C>(
    connection: &mut C,
    ids: IdKind,
    user_id: &UserId,
    verified: &StoredHash,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let held = account::table
        .filter(account::user_id.eq(ids.lookup_id(user_id.as_str())))
        .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .filter(account::account_id.eq(user_id.as_str()))
        .filter(account::password.eq(verified.expose()))
        .select(account::id)
        .for_no_key_update()
        .get_result::<String>(connection)
        .await
        .optional()?;
    Ok(held.is_some())
}

/// Maximum number of schemes that [`AccountRepository::password_samples`] looks for.
const MOST_SAMPLES: usize = 8;

/// Selects a hash of a scheme that was not found before, until there is none.
async fn password_samples_on<C>(connection: &mut C) -> Result<Vec<StoredHash>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let mut samples: Vec<StoredHash> = Vec::new();
    while samples.len() < MOST_SAMPLES {
        let mut others = account::table
            .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
            .filter(account::password.is_not_null())
            .into_boxed::<Pg>();
        for sample in &samples {
            others = match scheme_prefix(sample.expose()) {
                Some(prefix) => others.filter(account::password.not_like(format!("{prefix}%"))),
                None => others.filter(account::password.like("$%")),
            };
        }
        let other = others.select(account::password).limit(1).get_result::<Option<String>>(connection);
        match other.await.optional()?.flatten() {
            Some(password) => samples.push(StoredHash::from_stored(password)),
            None => break,
        }
    }
    Ok(samples)
}

/// Returns the prefix that all hashes of a scheme share: name, version and parameters of a PHC string, or
/// version and cost of bcrypt. `None` for Better Auth's own format, which begins with the salt.
fn scheme_prefix(hash: &str) -> Option<&str> {
    let last_dollar = if hash.starts_with("$argon2") { 3 } else { 2 };
    let end = hash.match_indices('$').nth(last_dollar).map_or(hash.len(), |(at, _)| at + 1);
    hash.starts_with('$').then(|| hash.get(..end).unwrap_or(hash))
}

pub(crate) async fn insert_on<C>(connection: &mut C, ids: IdKind, new: &Account) -> Result<(), StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([new.account_id.as_str(), new.provider_id.as_str()])?;
    diesel::insert_into(account::table).values(NewAccountRow::new(ids, new)?).execute(connection).await?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = account, check_for_backend(Pg))]
struct AccountRow {
    id: String,
    account_id: String,
    provider_id: String,
    user_id: String,
    password: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        let AccountRow { id, account_id, provider_id, user_id, password, created_at, updated_at } = row;
        Self {
            id: AccountId::from_stored(id),
            account_id,
            provider_id,
            user_id: UserId::from_stored(user_id),
            password: password.map(StoredHash::from_stored),
            created_at: to_milliseconds(created_at),
            updated_at: to_milliseconds(updated_at),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = account, treat_none_as_default_value = false)]
struct NewAccountRow<'a> {
    id: BoundId<'a>,
    account_id: &'a str,
    provider_id: &'a str,
    user_id: BoundId<'a>,
    password: Option<&'a str>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl<'a> NewAccountRow<'a> {
    fn new(ids: IdKind, account: &'a Account) -> Result<Self, StoreError> {
        let Account { id, account_id, provider_id, user_id, password, created_at, updated_at } = account;
        Ok(Self {
            id: ids.new_id(id.as_str()),
            account_id,
            provider_id,
            user_id: ids.referred(user_id.as_str())?,
            password: password.as_ref().map(StoredHash::expose),
            created_at: to_milliseconds(*created_at),
            updated_at: to_milliseconds(*updated_at),
        })
    }
}
