//! Sign-up: user, account and session in one transaction, all or none.

use auth_core::{Account, DeclaredFields, Email, Session, User, UserId};
use scoped_futures::ScopedFutureExt;

use crate::error::StoreError;
use crate::id::IdKind;
use crate::names::NamedConnection;
use crate::pool::Pool;
use crate::{account, session, user};

/// The rows of a sign-up. Where the tables make ids of their own, account and session are stored as the
/// user's whatever id they say that it has.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The new user.
    pub user: User,
    /// How the user signs in.
    pub account: Account,
    /// The first session, unless the user has to prove the address first.
    pub session: Option<Session>,
}

/// What a sign-up made, with ids and additional fields as the database holds them: it has an order of its own
/// for the members of JSON, for example.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The user.
    pub user: User,
    /// The session, where one was made.
    pub session: Option<Session>,
}

/// What is known of the address of a sign-up that must not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// No user has it: the rows are stored.
    Free,
    /// A user has it: the rows are tried and taken back.
    Taken,
}

pub(crate) async fn register(
    pool: &Pool,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewRegistration,
) -> Result<Registered, StoreError> {
    pool.transaction(|connection| register_on(connection, fields, ids, new).scope_boxed()).await
}

/// Stores the rows, or does the same work and leaves nothing.
pub(crate) async fn register_unseen(
    pool: &Pool,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewRegistration,
    address: Address,
) -> Result<Registered, StoreError> {
    let email = &new.user.email;
    let mut new = new.clone();
    if address == Address::Taken {
        // No user has an address of 32 random characters; the domain stays for the sake of constraints that
        // look at it.
        let domain = email.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        let unused = UserId::generate(&mut rand::rng());
        new.user.email = Email::from_stored(format!("{}@{domain}", unused.as_str().to_ascii_lowercase()));
    }
    let tried = pool
        .transaction(|connection| register_unseen_on(connection, fields, ids, &new, address).scope_boxed())
        .await?;
    Ok(Registered { user: User { email: email.clone(), ..tried.user }, ..tried })
}

/// Runs inside the caller's transaction. The savepoint takes the rows back and leaves the transaction with
/// something to commit, so that the disk is waited for either way.
async fn register_unseen_on(
    connection: &mut NamedConnection,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewRegistration,
    address: Address,
) -> Result<Registered, StoreError> {
    connection.plain().begin_nested().await?;
    let stored = register_on(connection, fields, ids, new).await?;
    match address {
        Address::Free => connection.plain().keep_nested().await?,
        Address::Taken => connection.plain().take_back_nested().await?,
    }
    Ok(stored)
}

/// Runs inside the caller's transaction.
async fn register_on(
    connection: &mut NamedConnection,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewRegistration,
) -> Result<Registered, StoreError> {
    let user = user::insert_on(connection, fields, ids, &new.user).await?;
    let mut account = new.account.clone();
    if account.account_id == account.user_id.as_str() {
        account.account_id = user.id.as_str().to_owned();
    }
    account.user_id = user.id.clone();
    account::insert_on(connection, ids, &account).await?;
    let session = match &new.session {
        Some(session) => {
            let session = Session { user_id: user.id.clone(), ..session.clone() };
            Some(session::insert_on(connection, fields, ids, &session).await?)
        }
        None => None,
    };
    Ok(Registered { user, session })
}
