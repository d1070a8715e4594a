//! Who is calling, and what reading a session does to it.

use auth_core::{
    AccessClaims, ForeignClaims, Principal, Refresh, Session, SessionPolicy, SessionToken, User,
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
    /// By what the caller is known.
    pub known_by: KnownBy,
}

/// By what a caller is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The signed session cookie.
    Cookie,
    /// A session token as bearer.
    SessionToken,
    /// An access token.
    AccessToken,
    /// A token of another issuer that shares the secret.
    ForeignToken,
}

impl KnownBy {
    /// Tells whether the caller may be given session cookies. One with a JWT keeps none; giving it one
    /// would open it to cross-site requests.
    pub(crate) fn takes_cookies(self) -> bool {
        match self {
            Self::Cookie | Self::SessionToken => true,
            Self::AccessToken | Self::ForeignToken => false,
        }
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
    let sessions = store.sessions();
    let (principal, known_by) = match credential {
        Credential::None | Credential::DeadCookie => return Ok(None),
        Credential::Cookie(token) => (sessions.find_by_token(token).await?, KnownBy::Cookie),
        Credential::SessionToken(token) => (sessions.find_by_token(token).await?, KnownBy::SessionToken),
        Credential::AccessToken { claims, .. } => {
            let principal = sessions.find_by_id(&claims.session_id).await?;
            (principal.filter(|principal| principal.user.id == claims.user_id), KnownBy::AccessToken)
        }
        Credential::Foreign { claims, .. } => {
            let user = store.users().find_by_id(&claims.user_id).await?;
            let known_by = KnownBy::ForeignToken;
            return Ok(user.map(|user| Caller { user, session: None, known_by }));
        }
    };
    match principal {
        Some(Principal { session, .. }) if session.is_expired(now) => {
            sessions.delete_expired(&session.token, now).await?;
            Ok(None)
        }
        principal => {
            Ok(principal.map(|Principal { user, session }| Caller { user, session: Some(session), known_by }))
        }
    }
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
