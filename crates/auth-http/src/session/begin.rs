//! The only way to a new session.

use actix_web::http::StatusCode;
use auth_core::{Remember, Session, SessionId, SessionToken, User, UserSession};

use super::Sessions;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;

/// The password is right, and a second factor is asked for that this server does not verify.
pub(crate) const SECOND_FACTOR_REQUIRED: ErrorCode = ErrorCode::new(
    StatusCode::FORBIDDEN,
    "SECOND_FACTOR_REQUIRED",
    "This account uses two-factor authentication, which this server cannot verify. Sign in through the server that offers it.",
);

/// By what a user gets a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Signing up.
    SignUp,
    /// Signing in with a password.
    Password,
    /// Changing the password, which ended all sessions of a caller who had one.
    PasswordChange,
}

/// What a session is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSession<'u> {
    /// Whose it will be.
    pub(crate) user: &'u User,
    /// By what.
    pub(crate) method: Method,
    /// How long the browser is to remember it.
    pub(crate) remember: Remember,
    /// Whether the answer sets its cookies.
    pub(crate) cookies: SessionCookiesInAnswer,
}

/// Whether an answer sets the cookies of a new session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionCookiesInAnswer {
    /// It does.
    Set,
    /// It does not: the caller came with a token and keeps no cookies.
    Left,
}

/// What became of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The session is stored and its cookies are set.
    SignedIn(Box<UserSession>),
    /// One more step is needed; nothing is stored.
    Challenge(Challenge),
}

/// What is needed before a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A code of the user's second factor.
    SecondFactor,
}

/// What a hook says of a session that is about to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may.
    Pass,
    /// Not before one more step.
    Challenge(Challenge),
}

impl Outcome {
    /// Gives the session.
    ///
    /// # Errors
    ///
    /// `SECOND_FACTOR_REQUIRED` for a challenge: no feature of this server answers one yet.
    pub(crate) fn signed_in(self) -> Result<UserSession, ApiError> {
        match self {
            Self::SignedIn(principal) => Ok(*principal),
            Self::Challenge(Challenge::SecondFactor) => Err(ApiError::Coded(SECOND_FACTOR_REQUIRED)),
        }
    }
}

impl Sessions {
    /// Begins a session: asks the hooks whether it may, has `write` store it in whatever transaction it belongs to, and
    /// sets its cookies. `None` where `write` stored nothing, because what it rests on changed meanwhile.
    ///
    /// # Errors
    ///
    /// A hook's refusal, and what `write` fails with.
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

    /// Makes a session with a new token; a token that the client sent is never taken over.
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
