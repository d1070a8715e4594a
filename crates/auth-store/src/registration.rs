//! Sign-up: stores user, account and session in one transaction.

use auth_core::{Account, DeclaredFields, Email, Session, User, UserId};
use scoped_futures::ScopedFutureExt;

use crate::error::StoreError;
use crate::id::IdKind;
use crate::names::NamedConnection;
use crate::pool::Pool;
use crate::{account, session, user};

/// The rows of a sign-up. If ids are not text, the user gets a new id on insert. Account and session are
/// stored with that id, whatever user id they contain.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The new user.
    pub user: User,
    /// How the user signs in.
    pub account: Account,
    /// The first session; `None` if the user must verify the email address first.
    pub session: Option<Session>,
}

/// The result of a sign-up, with ids and additional fields as the database stores them. They can differ from
/// the input: for example, `jsonb` reorders the members of an object.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The user.
    pub user: User,
    /// The session; `None` if the sign-up had none.
    pub session: Option<Session>,
}

/// Whether the email address is in use, for a sign-up whose response must not reveal it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// No user has it: the rows are stored.
    Free,
    /// A user has it: the rows are inserted and rolled back.
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

/// Stores the rows. With [`Address::Taken`], runs the same statements and rolls them back.
pub(crate) async fn register_enumeration_safe(
    pool: &Pool,
    fields: &DeclaredFields,
    ids: IdKind,
    new: &NewRegistration,
    address: Address,
) -> Result<Registered, StoreError> {
    let email = &new.user.email;
    let mut new = new.clone();
    if address == Address::Taken {
        // No user has an address with 32 random characters. The domain is kept, because a constraint of the
        // database may depend on it.
        let domain = email.as_str().rsplit_once('@').map_or("", |(_, domain)| domain);
        let unused = UserId::generate(&mut rand::rng());
        new.user.email = Email::from_stored(format!("{}@{domain}", unused.as_str().to_ascii_lowercase()));
    }
    let tried = pool
        .transaction(|connection| {
            register_enumeration_safe_on(connection, fields, ids, &new, address).scope_boxed()
        })
        .await?;
    Ok(Registered { user: User { email: email.clone(), ..tried.user }, ..tried })
}

/// Runs inside the caller's transaction. Rolling back to the savepoint removes the rows but leaves a
/// transaction to commit, so both cases wait for the disk.
async fn register_enumeration_safe_on(
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
