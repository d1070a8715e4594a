//! The seam through which a service asks whether a session lives: it says where sessions are, this crate says what
//! to make of the answer.

use std::future::Future;

use time::OffsetDateTime;

use crate::access_token::AccessClaims;
use crate::id::{SessionId, UserId};
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::secret::Secret;
use crate::session_token::SessionToken;
use crate::user_session::UserSession;

/// A session that a request names rightly; whether it still lives is to be looked up.
///
/// A signed cookie proves that this server once handed out a token. It does not prove that the session was not
/// signed out since, so there is no user in here: [`confirm`](Self::confirm) takes what was looked up and gives one.
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

/// By what a session is to be found. A lookup has to know every kind, so a new one will be a new major version.
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
    /// By its token.
    Token(SessionToken),
    /// By its id and its user, which an access token names.
    Id {
        /// The session.
        session_id: SessionId,
        /// Whose it must be.
        user_id: UserId,
    },
}

/// The one header line with which the auth server recognises the session, for lookups that ask it over HTTP.
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
    /// Its value: who holds it is signed in.
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

    /// Gives by what the session is to be found in a store.
    pub fn key(&self) -> &SessionKey {
        &self.key
    }

    /// Gives the header line with which the auth server recognises it.
    pub fn header(&self) -> &ForwardedHeader {
        &self.header
    }

    /// Tells how the session was shown.
    pub fn shown_by(&self) -> ShownBy {
        self.shown_by
    }

    /// Gives the principal of a session that was found and lives.
    ///
    /// What was found must be what was asked for: a lookup that gives another session is refused.
    ///
    /// # Errors
    ///
    /// [`Refusal::SessionOver`] where nothing was found, where it is another session, and where it ended.
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

/// Where sessions are: a database, or the auth server itself.
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
    /// Why the lookup failed. Absence is no error: it is `None`.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Finds a session and its user; `None` where there is none, any more or ever.
    fn find_session(
        &self,
        session: &UnconfirmedSession,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Option<UserSession>, Self::Error>> + Send;
}
