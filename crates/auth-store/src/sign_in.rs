//! Sign-in: a new session, if the password that was verified is still the stored one.

use auth_core::{Session, StoredHash};
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;

use crate::error::StoreError;
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
}

/// Stores the session; `false` when the password changed while it was being verified, and then nothing is
/// stored. Without this, a sign-in under way would survive a change of password that ends all sessions.
pub(crate) async fn sign_in(pool: &Pool, new: &NewSignIn) -> Result<bool, StoreError> {
    pool.transaction(new, |connection, new| sign_in_on(connection, new).boxed()).await
}

/// Runs inside the caller's transaction.
async fn sign_in_on(connection: &mut AsyncPgConnection, new: &NewSignIn) -> Result<bool, StoreError> {
    let NewSignIn { session, verified, rehashed } = new;
    let user_id = &session.user_id;
    // Either way the account's row is locked until the session is there.
    let is_current = match rehashed {
        Some(password) => {
            account::update_password_on(connection, user_id, verified, password, session.created_at).await?
        }
        None => account::hold_password_on(connection, user_id, verified).await?,
    };
    if is_current {
        session::insert_on(connection, session).await?;
    }
    Ok(is_current)
}
