//! A new password: the hash, and where asked the user's sessions, in one transaction.

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
    /// Whose.
    pub user_id: UserId,
    /// The hash against which the current password was verified; the change happens only if it is
    /// still the stored one.
    pub verified: StoredHash,
    /// The new hash.
    pub password: StoredHash,
    /// When.
    pub now: OffsetDateTime,
}

/// Replaces the password and every session of the user; `None` when the password changed meanwhile, and
/// then nothing is replaced.
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
    // The password comes first: its row lock makes two changes at once wait for each other.
    if !account::update_password_on(connection, ids, user_id, verified, password, *now).await? {
        return Ok(None);
    }
    session::delete_by_user_on(connection, ids, user_id).await?;
    session::insert_on(connection, fields, ids, session).await.map(Some)
}
