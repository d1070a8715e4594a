//! The interface for session lookups: the service knows where sessions are stored, this crate checks the
//! session that was found.

use std::future::Future;

use time::OffsetDateTime;

use crate::access_token::AccessClaims;
use crate::id::{SessionId, UserId};
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::secret::Secret;
use crate::session_token::SessionToken;
use crate::user_session::UserSession;

/// A session that a request names with a valid credential. Whether it is still alive must be looked up.
///
/// A signed cookie proves that this server issued the session token. It does not prove that the user is still
/// signed in, so this type holds no user. [`confirm`](Self::confirm) takes the session that was found and
/// returns the principal.
///
/// ```
/// # use auth_core::{testing::TestIssuer, Refusal, Verdict};
/// # let issuer = TestIssuer::new();
/// # let verifier = issuer.verifier();
/// # let ann = issuer.user("ann@example.com");
/// # let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
/// # let credentials = ann.session_cookie(now).credentials();
/// let Verdict::Session(unconfirmed) = verifier.verify(&credentials, now)? else { panic!("a cookie without a cache") };
/// // … look it up by `unconfirmed.key()`, and say what was found:
/// let refusal = unconfirmed.confirm(None, now).unwrap_err();
/// assert!(matches!(refusal, Refusal::SessionOver(_)));
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnconfirmedSession {
    key: SessionKey,
    header: ForwardedHeader,
    shown_by: ShownBy,
}

/// The key by which a session is found. A lookup must handle every variant, so a new variant requires a new
/// major version.
///
/// ```
/// use auth_core::{SessionKey, Verdict};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = auth_core::testing::TestIssuer::new();
/// # let credentials = issuer.user("ann@example.com").session_token(now).credentials();
/// # let Verdict::Session(unconfirmed) = issuer.verifier().verify(&credentials, now)? else { panic!() };
/// let condition = match unconfirmed.key() {
///     SessionKey::Token(_) => "token = $1",
///     SessionKey::Id { .. } => r#"id = $1 AND "userId" = $2"#,
/// };
/// assert_eq!(condition, "token = $1");
/// # Ok::<(), auth_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub enum SessionKey {
    /// The session token.
    Token(SessionToken),
    /// The ids of the session and its user, which an access token names.
    Id {
        /// The session id.
        session_id: SessionId,
        /// The user to whom the session must belong.
        user_id: UserId,
    },
}

/// The header line by which the auth server recognises the session, for lookups over HTTP.
///
/// ```
/// use auth_core::ForwardedHeader;
///
/// # use auth_core::{Verdict, testing::TestIssuer};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = TestIssuer::new();
/// # let shown = issuer.user("ann@example.com").session_cookie(now);
/// # let verdict = issuer.verifier().verify(&shown.credentials(), now)?;
/// # let Verdict::Session(unconfirmed) = verdict else { panic!() };
/// let ForwardedHeader { name, value } = unconfirmed.header();
/// // For the request to the auth server's /get-session:
/// assert_eq!(*name, "cookie");
/// assert!(value.expose().starts_with("__Secure-better-auth.session_token="));
/// # assert_eq!(value.expose(), shown.value());
/// # Ok::<(), auth_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct ForwardedHeader {
    /// `authorization` or `cookie`.
    pub name: &'static str,
    /// The header value, which authenticates as the user.
    pub value: Secret<String>,
}

impl UnconfirmedSession {
    pub(crate) fn of_token(token: SessionToken, cookie: String, shown_by: ShownBy) -> Self {
        let header = ForwardedHeader { name: "cookie", value: Secret::new(cookie) };
        Self { key: SessionKey::Token(token), header, shown_by }
    }

    pub(crate) fn of_access_token(claims: &AccessClaims, token: &str) -> Self {
        let key = SessionKey::Id { session_id: claims.session_id.clone(), user_id: claims.user_id.clone() };
        let value = Secret::new(format!("Bearer {token}"));
        Self { key, header: ForwardedHeader { name: "authorization", value }, shown_by: ShownBy::Bearer }
    }

    /// Returns the key by which a store finds the session.
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Returns the header line by which the auth server recognises the session.
    pub fn header(&self) -> &ForwardedHeader {
        &self.header
    }

    /// Returns where the request carried the session.
    pub fn shown_by(&self) -> ShownBy {
        self.shown_by
    }

    /// Returns the principal of a session that was found and is alive.
    ///
    /// The session that was found must be the requested one; any other session is refused.
    ///
    /// # Errors
    ///
    /// [`Refusal::SessionOver`] if no session was found, if it is another session, or if it has ended.
    pub fn confirm(&self, found: Option<UserSession>, now: OffsetDateTime) -> Result<Principal, Refusal> {
        let is_asked_for = |found: &UserSession| {
            let is_key = match &self.key {
                SessionKey::Token(token) => found.session.token.constant_time_eq(token),
                SessionKey::Id { session_id, user_id } => {
                    found.session.id == *session_id && found.user.id == *user_id
                }
            };
            is_key && found.session.user_id == found.user.id
        };
        match found {
            Some(found) if is_asked_for(&found) && !found.session.is_expired(now) => {
                Ok(Principal::new(Proof::Session(Box::new(found))))
            }
            Some(_) | None => Err(Refusal::SessionOver(self.shown_by)),
        }
    }
}

/// A source of sessions: a database, or the auth server itself.
///
/// `auth-store` implements it over the database, `auth-client` over HTTP.
///
/// ```
/// use auth_core::{SessionKey, SessionLookup, UnconfirmedSession, UserSession};
/// # #[derive(Debug, thiserror::Error)] #[error("away")] struct Away;
/// # struct Sessions(Vec<UserSession>);
///
/// impl SessionLookup for Sessions {
///     type Error = Away;
///
///     async fn find_session(
///         &self,
///         session: &UnconfirmedSession,
///         _now: time::OffsetDateTime,
///     ) -> Result<Option<UserSession>, Away> {
///         Ok(match session.key() {
///             SessionKey::Token(token) => self.0.iter().find(|known| known.session.token.constant_time_eq(token)),
///             SessionKey::Id { session_id, .. } => self.0.iter().find(|known| known.session.id == *session_id),
///         }
///         .cloned())
///     }
/// }
/// ```
pub trait SessionLookup: Send + Sync {
    /// The error of a failed lookup. A missing session is not an error; it gives `None`.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Finds a session and its user; `None` if there is no such session.
    fn find_session(
        &self,
        session: &UnconfirmedSession,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Option<UserSession>, Self::Error>> + Send;
}
