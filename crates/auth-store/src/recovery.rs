//! Password change: replaces the hash and the user's sessions in one transaction.

use auth_core::{DeclaredFields, Session, StoredHash, UserId};

use scoped_futures::ScopedFutureExt;
use time::OffsetDateTime;

use crate::error::StoreError;
use crate::id::IdKind;
use crate::names::NamedConnection;
use crate::pool::Pool;
use crate::{account, session};

/// A change of password.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// The user.
    pub user_id: UserId,
    /// The hash against which the current password was verified; the change happens only if it is
    /// still the stored one.
    pub verified: StoredHash,
    /// The new hash.
    pub password: StoredHash,
    /// The time of the change.
    pub now: OffsetDateTime,
}

/// Replaces the password, and all sessions of the user with the given one. Returns `None`, and changes
/// nothing, if the password changed concurrently.
pub(crate) async fn replace_password_and_sessions(
    pool: &Pool,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewPassword,
    session: &Session,
) -> Result<Option<Session>, StoreError> {
    pool.transaction(|connection| replace_on(connection, fields, ids, new, session).scope_boxed()).await
}

/// Runs inside the caller's transaction.
async fn replace_on(
    connection: &mut NamedConnection,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewPassword,
    session: &Session,
) -> Result<Option<Session>, StoreError> {
    let NewPassword { user_id, verified, password, now } = new;
    // The password is updated first: its row lock makes concurrent changes wait for each other.
    if !account::update_password_on(connection, ids, user_id, verified, password, *now).await? {
        return Ok(None);
    }
    session::delete_by_user_on(connection, ids, user_id).await?;
    session::insert_on(connection, fields, ids, session).await.map(Some)
}
