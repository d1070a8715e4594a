//! Who is calling: what a request shows, and whom it was found to act for.

use auth_core::{AccessClaims, ForeignClaims, Secret, Session, SessionToken, User};

/// What a request shows, verified as far as that goes without the store.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// Nothing.
    None,
    /// A cookie of the session's name whose signature is wrong.
    InvalidCookie,
    /// The signed session cookie, or what stands for it.
    Cookie(SessionToken),
    /// In the place of that, a text that can be no session's token.
    UnusableToken,
    /// A session token as bearer.
    SessionToken(SessionToken),
    /// An access token of ours.
    AccessToken {
        /// Its verified claims.
        claims: AccessClaims,
        /// The token as sent.
        token: Secret<String>,
    },
    /// A token of another issuer that shares the secret.
    Foreign {
        /// Its verified claims.
        claims: ForeignClaims,
        /// The token as sent.
        token: Secret<String>,
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
    /// Whether the caller may be given session cookies. One with a JWT keeps none; giving it one
    /// would open it to cross-site requests.
    pub(crate) fn takes_cookies(self) -> bool {
        match self {
            Self::Cookie | Self::SessionToken => true,
            Self::AccessToken | Self::ForeignToken => false,
        }
    }
}
