//! Sign-up: user, account and session in one transaction, all or none.

use auth_core::{Account, Session, User};
use diesel_async::AsyncPgConnection;
use futures_util::FutureExt;

use crate::error::StoreError;
use crate::pool::Pool;
use crate::{account, session, user};

/// The rows of a sign-up.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The new user.
    pub user: User,
    /// How the user signs in.
    pub account: Account,
    /// The first session, unless the user has to prove the address first.
    pub session: Option<Session>,
}

pub(crate) async fn register(pool: &Pool, new: &NewRegistration) -> Result<(), StoreError> {
    pool.transaction(new, |connection, new| register_on(connection, new).boxed()).await
}

/// Runs inside the caller's transaction.
async fn register_on(connection: &mut AsyncPgConnection, new: &NewRegistration) -> Result<(), StoreError> {
    user::insert_on(connection, &new.user).await?;
    account::insert_on(connection, &new.account).await?;
    if let Some(session) = &new.session {
        session::insert_on(connection, session).await?;
    }
    Ok(())
}
