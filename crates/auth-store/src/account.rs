//! The `account` table: how users sign in. The tokens of outside providers are left alone.

use auth_core::{Account, AccountId, CREDENTIAL_PROVIDER, StoredHash, UserId};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use futures_util::FutureExt;
use time::OffsetDateTime;

use crate::error::{StoreError, check_text, read_failed};
use crate::fixed_update::FixedUpdate;
use crate::pool::Pool;
use crate::schema::account;
use crate::timestamp::to_milliseconds;

/// Name of the table in [`StoreError::Inconsistent`].
const TABLE: &str = "account";

/// Finds and changes accounts.
#[derive(Clone, Copy, Debug)]
pub struct AccountRepository<'store> {
    pool: &'store Pool,
}

impl<'store> AccountRepository<'store> {
    pub(crate) fn new(pool: &'store Pool) -> Self {
        Self { pool }
    }

    /// Finds the account with which a user signs in by password.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the database is away, [`StoreError::Inconsistent`] when a
    /// column holds what it must not, [`StoreError::Query`] otherwise.
    pub async fn find_credential(self, user_id: &UserId) -> Result<Option<Account>, StoreError> {
        self.pool.read(user_id, |connection, user_id| find_credential_on(connection, user_id).boxed()).await
    }

    /// Gives one stored hash of each scheme that occurs, at most eight. Reads the whole table.
    ///
    /// # Errors
    ///
    /// As [`find_credential`](Self::find_credential).
    pub async fn password_samples(self) -> Result<Vec<StoredHash>, StoreError> {
        self.pool.read(&(), |connection, ()| password_samples_on(connection).boxed()).await
    }

    /// Replaces a user's password hash, if it is still the one that was verified; tells whether it was.
    ///
    /// The condition keeps a slow writer from undoing a change of password that overtook it.
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
            .write(&(user_id, verified, password, now), |connection, &(user_id, verified, password, now)| {
                update_password_on(connection, user_id, verified, password, now).boxed()
            })
            .await
    }
}

pub(crate) async fn find_credential_on<C>(
    connection: &mut C,
    user_id: &UserId,
) -> Result<Option<Account>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    account::table
        .filter(account::user_id.eq(user_id.as_str()))
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
    user_id: &UserId,
    verified: &StoredHash,
    password: &StoredHash,
    now: OffsetDateTime,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let credential = account::table
        .filter(account::user_id.eq(user_id.as_str()))
        .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .filter(account::account_id.eq(user_id.as_str()))
        .filter(account::password.eq(verified.expose()));
    let update = diesel::update(credential)
        .set((account::password.eq(password.expose()), account::updated_at.eq(to_milliseconds(now))));
    let changed = FixedUpdate(update).execute(connection).await?;
    Ok(changed > 0)
}

/// Keeps the password as it is until the transaction ends; tells whether it is the verified one.
pub(crate) async fn hold_password_on<C>(
    connection: &mut C,
    user_id: &UserId,
    verified: &StoredHash,
) -> Result<bool, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let held = account::table
        .filter(account::user_id.eq(user_id.as_str()))
        .filter(account::provider_id.eq(CREDENTIAL_PROVIDER))
        .filter(account::account_id.eq(user_id.as_str()))
        .filter(account::password.eq(verified.expose()))
        .select(account::id)
        .for_share()
        .get_result::<String>(connection)
        .await
        .optional()?;
    Ok(held.is_some())
}

/// One stored hash of each scheme that occurs, told apart by the form of the text: PHC parameters, bcrypt's
/// cost, anything else. Reads the whole table; meant to be run once.
const SAMPLES: &str = r#"
SELECT min(password) AS password FROM account WHERE "providerId" = 'credential' AND password IS NOT NULL
GROUP BY CASE WHEN password LIKE '$argon2%' THEN split_part(password, '$', 4)
              WHEN password LIKE '$2%' THEN left(password, 7) ELSE '' END
LIMIT 8"#;

#[derive(QueryableByName)]
struct Sample {
    #[diesel(sql_type = Text)]
    password: String,
}

async fn password_samples_on<C>(connection: &mut C) -> Result<Vec<StoredHash>, StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    let samples: Vec<Sample> = sql_query(SAMPLES).get_results(connection).await?;
    Ok(samples.into_iter().map(|sample| StoredHash::from_stored(sample.password)).collect())
}

pub(crate) async fn insert_on<C>(connection: &mut C, new: &Account) -> Result<(), StoreError>
where
    C: AsyncConnectionCore<Backend = Pg> + Send,
{
    check_text([new.account_id.as_str(), new.provider_id.as_str()])?;
    diesel::insert_into(account::table).values(NewAccountRow::from(new)).execute(connection).await?;
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
    id: &'a str,
    account_id: &'a str,
    provider_id: &'a str,
    user_id: &'a str,
    password: Option<&'a str>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl<'a> From<&'a Account> for NewAccountRow<'a> {
    fn from(account: &'a Account) -> Self {
        let Account { id, account_id, provider_id, user_id, password, created_at, updated_at } = account;
        Self {
            id: id.as_str(),
            account_id,
            provider_id,
            user_id: user_id.as_str(),
            password: password.as_ref().map(StoredHash::expose),
            created_at: to_milliseconds(*created_at),
            updated_at: to_milliseconds(*updated_at),
        }
    }
}
