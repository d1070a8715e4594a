//! Sign-in: stores a new session if the verified password hash is still the stored one.

use std::num::NonZeroU32;

use auth_core::{DeclaredFields, Session, StoredHash};

use scoped_futures::ScopedFutureExt;

use crate::error::StoreError;
use crate::id::IdKind;
use crate::names::NamedConnection;
use crate::pool::Pool;
use crate::{account, session};

/// A verified sign-in.
#[derive(Clone, Debug)]
pub struct NewSignIn {
    /// The new session.
    pub session: Session,
    /// The hash against which the password was verified.
    pub verified: StoredHash,
    /// A hash of the same password under another scheme, which replaces the verified hash.
    pub rehashed: Option<StoredHash>,
    /// Maximum number of sessions of the user; beyond it the oldest are deleted. `None` means no limit.
    pub max_sessions: Option<NonZeroU32>,
}

/// Stores the session. Returns `None`, and stores nothing, if the password changed during verification.
/// Otherwise a sign-in with the old password would survive a password change that ends all sessions.
pub(crate) async fn sign_in(
    pool: &Pool,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewSignIn,
) -> Result<Option<Session>, StoreError> {
    pool.transaction(|connection| sign_in_on(connection, fields, ids, new).scope_boxed()).await
}

/// Runs inside the caller's transaction.
async fn sign_in_on(
    connection: &mut NamedConnection,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewSignIn,
) -> Result<Option<Session>, StoreError> {
    let NewSignIn { session, verified, rehashed, max_sessions } = new;
    let user_id = &session.user_id;
    // Both branches lock the account row until the transaction ends. Concurrent sign-ins of the user wait, so
    // only one of them counts the sessions at a time.
    let is_current = match rehashed {
        Some(password) => {
            account::update_password_on(connection, ids, user_id, verified, password, session.created_at)
                .await?
        }
        None => account::hold_password_on(connection, ids, user_id, verified).await?,
    };
    if !is_current {
        return Ok(None);
    }
    let session = session::insert_on(connection, fields, ids, session).await?;
    if let Some(max) = max_sessions {
        session::end_excess_on(connection, ids, &session, *max).await?;
    }
    Ok(Some(session))
}
