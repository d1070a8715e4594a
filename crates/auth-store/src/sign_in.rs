//! Sign-in: a new session, if the password that was verified is still the stored one.

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
    /// The same password under another scheme, to be stored in its place.
    pub rehashed: Option<StoredHash>,
    /// Most sessions of the user at once; the oldest go. `None` is no bound.
    pub max_sessions: Option<NonZeroU32>,
}

/// Stores the session; `None` when the password changed while it was being verified, and then nothing is
/// stored. Without this, a sign-in under way would survive a change of password that ends all sessions.
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
    // Either way the account's row is locked until the session is there, and other sign-ins of the user wait:
    // sessions are counted one sign-in at a time.
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
