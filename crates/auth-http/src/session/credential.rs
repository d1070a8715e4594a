//! The caller of a request: the credential that it presents, and the user that it acts for.

use auth_core::{AccessClaims, ForeignClaims, Secret, Session, SessionToken, User};

/// The credential of a request, verified as far as possible without the store.
#[derive(Clone, Debug)]
pub(crate) enum Credential {
    /// No credential.
    None,
    /// A session cookie with an invalid signature.
    InvalidCookie,
    /// The signed session cookie, or a bearer token that replaces it.
    Cookie(SessionToken),
    /// A bearer token that replaces the cookie but cannot be a session token.
    UnusableToken,
    /// A session token as bearer token.
    SessionToken(SessionToken),
    /// An access token of this server.
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

/// The caller of a request. A foreign token has a user but no session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// The session; `None` for a foreign token.
    pub session: Option<Session>,
    /// How the caller was authenticated.
    pub known_by: KnownBy,
}

/// How a caller was authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    /// The signed session cookie.
    Cookie,
    /// A session token as bearer token.
    SessionToken,
    /// An access token.
    AccessToken,
    /// A token of another issuer that shares the secret.
    ForeignToken,
}

impl KnownBy {
    /// Whether the caller may be given session cookies. A client with a JWT keeps none; a cookie would expose
    /// it to cross-site requests.
    pub(crate) fn takes_cookies(self) -> bool {
        match self {
            Self::Cookie | Self::SessionToken => true,
            Self::AccessToken | Self::ForeignToken => false,
        }
    }
}
