//! The account, which links a user to one way of signing in.

use time::OffsetDateTime;

use crate::id::{AccountId, UserId};
use crate::password::StoredHash;

/// The provider id of accounts that sign in with a password.
///
/// ```
/// use auth_core::CREDENTIAL_PROVIDER;
///
/// # use auth_core::{Account, AccountId, StoredHash, UserId};
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// # let hash = StoredHash::from_stored("$argon2id$v=19$…");
/// # let (id, user_id) = (AccountId::from_stored("a1"), UserId::from_stored("u1"));
/// # let accounts = [Account::credential(id, user_id, hash, now)];
/// let by_password = accounts.iter().find(|account| account.provider_id == CREDENTIAL_PROVIDER);
/// assert!(by_password.is_some_and(|account| account.password.is_some()));
/// ```
pub const CREDENTIAL_PROVIDER: &str = "credential";

/// A row of the `account` table, without the tokens of external providers.
///
/// ```
/// use auth_core::{Account, AccountId, Hasher, Password, UserId};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user_id = UserId::generate(&mut rand::rng());
/// let hash = Hasher::default().hash(&Password::new("correct horse"), &mut rand::rng())?;
/// let account = Account::credential(AccountId::generate(&mut rand::rng()), user_id, hash, now);
/// assert_eq!(account.account_id, account.user_id.as_str());
/// # Ok::<(), auth_core::HashError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Account {
    /// Primary key.
    pub id: AccountId,
    /// The provider's id for the user; for [`CREDENTIAL_PROVIDER`] the user's own id.
    pub account_id: String,
    /// The provider's id.
    pub provider_id: String,
    /// The user that the account belongs to.
    pub user_id: UserId,
    /// The password hash, for [`CREDENTIAL_PROVIDER`].
    pub password: Option<StoredHash>,
    /// When the row was created, to the millisecond.
    pub created_at: OffsetDateTime,
    /// When the row last changed, to the millisecond.
    pub updated_at: OffsetDateTime,
}

impl Account {
    /// Creates the account for sign-in with a password (Better Auth core: `accountId` is the user's id).
    pub fn credential(id: AccountId, user_id: UserId, password: StoredHash, now: OffsetDateTime) -> Self {
        Self {
            id,
            account_id: user_id.as_str().to_owned(),
            provider_id: CREDENTIAL_PROVIDER.to_owned(),
            user_id,
            password: Some(password),
            created_at: now,
            updated_at: now,
        }
    }
}
