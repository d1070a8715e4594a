//! The body of session answers: user, session, and an access token if the settings ask for one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::{AccessTokenBody, SessionBody, SessionEnvelope, UserBody};
use auth_core::{IssueError, Secret, Session, User, UserSession};
use time::OffsetDateTime;

use super::site::Site;
use crate::web::answer::json;
use crate::web::error::{ApiError, Unauthorized};

/// An access token for an envelope.
#[derive(Debug)]
pub(crate) struct ShownToken {
    /// The token.
    pub(crate) token: Secret<String>,
    /// The time at which it expires.
    pub(crate) expires_at: OffsetDateTime,
}

impl Site {
    /// Makes an access token; `None` if envelopes carry none.
    ///
    /// # Errors
    ///
    /// 401 if less than a second of the session is left, [`ApiError::Internal`] if the token cannot be made.
    pub(crate) fn new_token(
        &self,
        principal: &UserSession,
        now: OffsetDateTime,
    ) -> Result<Option<ShownToken>, ApiError> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let issued = issuer.issue(principal, now, &mut rand::rng()).map_err(|error| match error {
            IssueError::SessionOver { .. } => ApiError::Unauthorized(Unauthorized::NoCredentials),
            IssueError::Ttl | IssueError::EncodeClaims(_) => ApiError::internal(error),
        })?;
        Ok(Some(ShownToken { token: issued.token, expires_at: issued.expires_at }))
    }

    /// Answers with a new session.
    ///
    /// # Errors
    ///
    /// As [`Site::new_token`].
    pub(crate) fn signed_in(
        &self,
        status: StatusCode,
        principal: &UserSession,
        now: OffsetDateTime,
    ) -> Result<HttpResponse, ApiError> {
        let token = self.new_token(principal, now)?;
        Ok(envelope(status, &principal.user, Some(&principal.session), None, token.as_ref()))
    }

    /// Answers a sign-up that made no session: the envelope has no session and no token.
    pub(crate) fn signed_up(&self, status: StatusCode, user: &User) -> HttpResponse {
        let token = self.issuer.is_some().then(AccessTokenBody::none);
        let body = SessionEnvelope { session: None, user: user.into(), needs_refresh: None, token };
        json(status, &body)
    }
}

/// Answers with user, session and token.
pub(crate) fn envelope(
    status: StatusCode,
    user: &User,
    session: Option<&Session>,
    needs_refresh: Option<bool>,
    token: Option<&ShownToken>,
) -> HttpResponse {
    let body = SessionEnvelope {
        session: session.map(Into::into),
        user: user.into(),
        needs_refresh,
        token: token.map(|shown| AccessTokenBody::new(shown.token.expose(), shown.expires_at)),
    };
    json(status, &body)
}

/// Answers with user and session from a cookie cache. The reference gives their members another order.
pub(crate) fn cached_envelope(UserSession { user, session }: &UserSession) -> HttpResponse {
    let body = SessionEnvelope {
        session: Some(SessionBody::of_cache(session)),
        user: UserBody::of_cache(user),
        needs_refresh: None,
        token: None,
    };
    json(StatusCode::OK, &body)
}
