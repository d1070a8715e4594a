//! Sign-up: user, account and session in one transaction, all or none.

use auth_core::{Account, AdditionalValues, DeclaredFields, Email, Session, User};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
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

/// Additional fields of new rows as the database holds them: it has an order of its own for the members of
/// JSON, for example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFields {
    /// Of the user.
    pub user: AdditionalValues,
    /// Of the session, where one was made.
    pub session: Option<AdditionalValues>,
}

/// What is known of the address of a sign-up that must not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Nobody has it: the rows are stored.
    Free,
    /// Somebody has it: the rows are tried and taken back.
    Taken,
}

pub(crate) async fn register(
    pool: &Pool,
    fields: &DeclaredFields,
    new: &NewRegistration,
) -> Result<StoredFields, StoreError> {
    pool.transaction(&(fields, new), |connection, &(fields, new)| {
        register_on(connection, fields, new).boxed()
    })
    .await
}

/// Stores the rows, or does the same work and leaves nothing.
pub(crate) async fn register_unseen(
    pool: &Pool,
    fields: &DeclaredFields,
    new: &NewRegistration,
    address: Address,
) -> Result<StoredFields, StoreError> {
    let mut new = new.clone();
    if address == Address::Taken {
        // The id is new and random, so nobody has this address either; the domain stays for the sake of
        // constraints that look at it.
        let domain = new.user.email.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        new.user.email =
            Email::from_stored(format!("{}@{domain}", new.user.id.as_str().to_ascii_lowercase()));
    }
    pool.transaction(&(fields, &new, address), |connection, &(fields, new, address)| {
        register_unseen_on(connection, fields, new, address).boxed()
    })
    .await
}

/// Runs inside the caller's transaction. The savepoint takes the rows back and leaves the transaction with
/// something to commit, so that the disk is waited for either way.
async fn register_unseen_on(
    connection: &mut AsyncPgConnection,
    fields: &DeclaredFields,
    new: &NewRegistration,
    address: Address,
) -> Result<StoredFields, StoreError> {
    AnsiTransactionManager::begin_transaction(connection).await?;
    let stored = register_on(connection, fields, new).await?;
    match address {
        Address::Free => AnsiTransactionManager::commit_transaction(connection).await?,
        Address::Taken => AnsiTransactionManager::rollback_transaction(connection).await?,
    }
    Ok(stored)
}

/// Runs inside the caller's transaction.
async fn register_on(
    connection: &mut AsyncPgConnection,
    fields: &DeclaredFields,
    new: &NewRegistration,
) -> Result<StoredFields, StoreError> {
    let user = user::insert_on(connection, fields, &new.user).await?;
    account::insert_on(connection, &new.account).await?;
    let session = match &new.session {
        Some(session) => Some(session::insert_on(connection, fields, session).await?),
        None => None,
    };
    Ok(StoredFields { user, session })
}
