//! Creates sessions. No other code does.

use actix_web::http::StatusCode;
use auth_core::{Remember, Session, SessionId, SessionToken, User, UserSession};

use super::Sessions;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;

/// The password is right, but the user has a second factor that this server does not verify.
pub(crate) const SECOND_FACTOR_REQUIRED: ErrorCode = ErrorCode::new(
    StatusCode::FORBIDDEN,
    "SECOND_FACTOR_REQUIRED",
    "This account uses two-factor authentication, which this server cannot verify. Sign in through the server that offers it.",
);

/// How a user gets a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Signing up.
    SignUp,
    /// Signing in with a password.
    Password,
    /// Changing the password, which ended all sessions of the signed-in caller.
    PasswordChange,
}

/// The request for a new session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSession<'u> {
    /// The user of the session.
    pub(crate) user: &'u User,
    /// How the user gets it.
    pub(crate) method: Method,
    /// How long the browser keeps it.
    pub(crate) remember: Remember,
    /// Whether the answer sets its cookies.
    pub(crate) cookies: SessionCookiesInAnswer,
}

/// Whether an answer sets the cookies of a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionCookiesInAnswer {
    /// It sets them.
    Set,
    /// It does not: the caller uses a token and keeps no cookies.
    Left,
}

/// The result of [`Sessions::begin`].
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The session is stored and its cookies are set.
    SignedIn(Box<UserSession>),
    /// One more step is needed; nothing is stored.
    Challenge(Challenge),
}

/// A step that the user must complete before a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A code of the user's second factor.
    SecondFactor,
}

/// A hook's decision on a session that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The session may begin.
    Pass,
    /// The user must complete another step first.
    Challenge(Challenge),
}

impl Outcome {
    /// Returns the session.
    ///
    /// # Errors
    ///
    /// `SECOND_FACTOR_REQUIRED` for a challenge, because no feature of this server can complete one yet.
    pub(crate) fn signed_in(self) -> Result<UserSession, ApiError> {
        match self {
            Self::SignedIn(principal) => Ok(*principal),
            Self::Challenge(Challenge::SecondFactor) => Err(ApiError::Coded(SECOND_FACTOR_REQUIRED)),
        }
    }
}

impl Sessions {
    /// Begins a session. It asks the hooks, calls `write` to store the session in the transaction of the
    /// caller's choice, and sets the cookies. `None` if `write` stored nothing because the data that it
    /// depends on has changed.
    ///
    /// # Errors
    ///
    /// The refusal of a hook, or the error of `write`.
    pub(crate) async fn begin<E: From<ApiError>>(
        &self,
        request: &RequestContext,
        new: NewSession<'_>,
        write: impl AsyncFnOnce(Session) -> Result<Option<UserSession>, E>,
    ) -> Result<Option<Outcome>, E> {
        for hook in self.before_create() {
            match hook.before_session_create(new.user, new.method, request.now()).await? {
                Verdict::Pass => {}
                Verdict::Challenge(challenge) => return Ok(Some(Outcome::Challenge(challenge))),
            }
        }
        let Some(principal) = write(self.new_session(request, new)).await? else { return Ok(None) };
        match new.cookies {
            SessionCookiesInAnswer::Set => {
                self.set_session_cookies(request, &principal, new.remember).await?;
            }
            SessionCookiesInAnswer::Left => {}
        }
        Ok(Some(Outcome::SignedIn(Box::new(principal))))
    }

    /// Makes a session with a new token. A token that the client sent is never reused.
    fn new_session(&self, request: &RequestContext, new: NewSession<'_>) -> Session {
        let (client, now, rng) = (request.client(), request.now(), &mut rand::rng());
        Session {
            id: SessionId::generate(rng),
            token: SessionToken::generate(rng),
            user_id: new.user.id.clone(),
            expires_at: self.policy.expires_at(new.remember, now),
            created_at: now,
            updated_at: now,
            ip_address: Some(client.ip_address),
            user_agent: Some(client.user_agent),
            additional: self.fields.session.defaults(),
        }
    }
}
