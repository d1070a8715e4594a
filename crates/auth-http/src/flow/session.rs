//! Who is calling, and what reading a session does to it.

use auth_core::{
    AccessClaims, ForeignClaims, Principal, Refresh, Session, SessionPolicy, SessionToken, User, UserId,
};
use auth_store::{Store, StoreError};
use time::OffsetDateTime;

/// What a request shows, verified as far as that goes without the store.
#[derive(Debug)]
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// A cookie of the session's name whose signature is wrong.
    DeadCookie,
    /// The signed session cookie.
    Cookie(SessionToken),
    /// A session token as bearer.
    SessionToken(SessionToken),
    /// An access token of ours.
    AccessToken {
        /// Its verified claims.
        claims: AccessClaims,
        /// The token as sent.
        token: auth_core::Secret<String>,
    },
    /// A token of another issuer that shares the secret.
    Foreign {
        /// Its verified claims.
        claims: ForeignClaims,
        /// The token as sent.
        token: auth_core::Secret<String>,
    },
}

/// Who a request acts as. A foreign token speaks for a user without a session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Option<Session>,
}

impl From<Principal> for Caller {
    fn from(Principal { user, session }: Principal) -> Self {
        Self { user, session: Some(session) }
    }
}

/// Finds the caller; `None` when the credential's session or user is gone.
///
/// # Errors
///
/// [`StoreError`] of the lookup: an outage is never "not signed in".
pub(crate) async fn find_caller(
    store: &Store,
    credential: &Credential,
    now: OffsetDateTime,
) -> Result<Option<Caller>, StoreError> {
    let principal = match credential {
        Credential::None | Credential::DeadCookie => None,
        Credential::Cookie(token) | Credential::SessionToken(token) => {
            store.sessions().find_by_token(token).await?
        }
        Credential::AccessToken { claims, .. } => {
            let principal = store.sessions().find_by_id(&claims.session_id).await?;
            principal.filter(|principal| principal.user.id == claims.user_id)
        }
        Credential::Foreign { claims, .. } => return find_user(store, &claims.user_id).await,
    };
    match principal {
        Some(principal) if principal.session.is_expired(now) => {
            store.sessions().delete_expired(&principal.session.token, now).await?;
            Ok(None)
        }
        principal => Ok(principal.map(Caller::from)),
    }
}

async fn find_user(store: &Store, id: &UserId) -> Result<Option<Caller>, StoreError> {
    let user = store.users().find_by_id(id).await?;
    Ok(user.map(|user| Caller { user, session: None }))
}

/// What became of a session that was read.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// It is as it was.
    Unchanged(Session),
    /// Its life was extended.
    Extended(Session),
    /// It ended between the read and the extension.
    Gone,
}

/// Extends a session whose time has come (Better Auth core §11.4 step 8).
///
/// # Errors
///
/// [`StoreError`] of the update.
pub(crate) async fn renew(
    store: &Store,
    policy: &SessionPolicy,
    session: Session,
    now: OffsetDateTime,
) -> Result<Renewal, StoreError> {
    match policy.refresh(&session, now) {
        Refresh::NotDue => Ok(Renewal::Unchanged(session)),
        Refresh::Due { expires_at } => {
            let extended = store.sessions().refresh(&session.token, expires_at, now).await?;
            Ok(extended.map_or(Renewal::Gone, Renewal::Extended))
        }
    }
}
