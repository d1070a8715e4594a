//! Success answers and the cookies that go with them.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use auth_core::wire::{AccessTokenBody, SessionBody, SessionEnvelope, UserBody};
use auth_core::{
    AccessTokenIssuer, BearerPlugin, IssueError, MaxAge, Remember, Secret, Session, SessionCookies,
    SessionPolicy, SigningSecret, User, UserSession,
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::session::caller::{CookieNews, SessionCopies};
use crate::session::credentials::SessionCookie;
use crate::signing_keys::JwtSigner;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::response_cookies;

/// How sessions are shown to clients: as cookies, and as members of an envelope.
#[derive(Clone, Debug)]
pub(crate) struct SessionReply {
    /// Names and attributes of cookies.
    pub(crate) cookies: SessionCookies,
    /// What cookies are signed with.
    pub(crate) secret: SigningSecret,
    /// How long cookies live.
    pub(crate) policy: SessionPolicy,
    /// Writes the cookie cache; `None`: there is none.
    pub(crate) copies: Option<SessionCopies>,
    /// How a session token is read from `Authorization`, on Better Auth's routes, and announced in answers
    /// (`bearer.enabled`); `None`: it is read by the token API's rules, and not announced.
    pub(crate) bearer: Option<BearerPlugin>,
    /// Makes the token members of envelopes; `None` leaves them out
    /// (`session.access_token_in_session = false`).
    pub(crate) issuer: Option<AccessTokenIssuer>,
    /// Signs the `set-auth-jwt` of `/get-session`; `None` leaves it out.
    pub(crate) jwt: Option<JwtSigner>,
}

/// An access token that goes into an envelope.
#[derive(Debug)]
pub(crate) struct ShownToken {
    /// The token.
    pub(crate) token: Secret<String>,
    /// Its end.
    pub(crate) expires_at: OffsetDateTime,
}

impl SessionReply {
    /// Answers a new sign-in or sign-up with the envelope and the session's cookies.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] when a token or cookie cannot be made.
    pub(crate) async fn signed_in(
        &self,
        status: StatusCode,
        principal: &UserSession,
        remember: Remember,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Result<HttpResponse, ApiError> {
        let token = self.new_token(principal, now)?;
        let mut answer = envelope(status, &principal.user, Some(&principal.session), None, token.as_ref());
        self.set_session(&mut answer, principal, remember, request, now).await?;
        Ok(answer)
    }

    /// Answers a sign-up that signed nobody in with an envelope without session or token.
    pub(crate) fn signed_up(&self, status: StatusCode, user: &User) -> HttpResponse {
        let token = self.issuer.is_some().then(AccessTokenBody::none);
        let body = SessionEnvelope { session: None, user: user.into(), needs_refresh: None, token };
        json(status, &body)
    }

    /// Makes an access token, where envelopes carry one.
    ///
    /// # Errors
    ///
    /// 401 when not a second of the session is left, [`ApiError::Internal`] when the token cannot be made.
    pub(crate) fn new_token(
        &self,
        principal: &UserSession,
        now: OffsetDateTime,
    ) -> Result<Option<ShownToken>, ApiError> {
        let Some(issuer) = &self.issuer else { return Ok(None) };
        let issued = issuer.issue(principal, now, &mut rand::rng()).map_err(|error| match error {
            IssueError::SessionOver { .. } => ApiError::Unauthorized(Unauthorized::NoCredentials),
            other => ApiError::internal(other),
        })?;
        Ok(Some(ShownToken { token: issued.token, expires_at: issued.expires_at }))
    }

    /// Sets the cookies of a new or extended session.
    ///
    /// # Errors
    ///
    /// As [`SessionReply::session`].
    pub(crate) async fn set_session(
        &self,
        answer: &mut HttpResponse,
        principal: &UserSession,
        remember: Remember,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        put(answer, &self.session(principal, remember, request, now).await?)
    }

    /// Sets what the cookies of a caller should learn of a read.
    ///
    /// # Errors
    ///
    /// As [`SessionReply::session`].
    pub(crate) async fn set_news(
        &self,
        answer: &mut HttpResponse,
        news: CookieNews,
        principal: &UserSession,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Result<(), ApiError> {
        put(answer, &self.news(news, principal, request, now).await?)
    }

    /// Clears every cookie of a session.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] when a line is no header value.
    pub(crate) fn clear_session(
        &self,
        answer: &mut HttpResponse,
        request: &SessionCookie,
    ) -> Result<(), ApiError> {
        put(answer, &self.cookies.clear_session(&request.cookies))
    }

    /// Clears a cookie cache that another server left, unless the answer clears it already.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] when a line is no header value.
    pub(crate) fn clear_stale_cache(
        &self,
        answer: &mut HttpResponse,
        request: &SessionCookie,
    ) -> Result<(), ApiError> {
        put(answer, &self.stale_cache(request))
    }

    /// Writes the lines that set what the cookies of a caller should learn of a read.
    ///
    /// # Errors
    ///
    /// As [`SessionReply::session`].
    pub(crate) async fn news(
        &self,
        news: CookieNews,
        principal: &UserSession,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Result<Vec<String>, ApiError> {
        match news {
            CookieNews::None => Ok(Vec::new()),
            CookieNews::CacheMissed => Ok(self.cookies.clear_session_data(&request.cookies)),
            CookieNews::Current => Ok(self.cached(principal, Remember::Persistent, request, now).await),
            CookieNews::Extended => self.session(principal, Remember::Persistent, request, now).await,
        }
    }

    /// Writes the lines that clear a cookie cache which another server left; none where this one has a cache
    /// too, which judges what came.
    pub(crate) fn stale_cache(&self, request: &SessionCookie) -> Vec<String> {
        match self.copies {
            Some(_) => Vec::new(),
            None => self.cookies.clear_session_data(&request.cookies),
        }
    }

    /// Writes the lines of the cookie cache, if there is to be one. Where it cannot be written, the one that
    /// came goes too: it says what was so before.
    async fn cached(
        &self,
        principal: &UserSession,
        remember: Remember,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Vec<String> {
        let Some(copies) = &self.copies else { return Vec::new() };
        match copies.write(principal, remember, now).await {
            Some(value) => self.cookies.session_data(&value, &request.cookies),
            None => self.cookies.clear_session_data(&request.cookies),
        }
    }

    /// Writes the lines of a new or extended session (Better Auth core §7.2).
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] when the token, which another writer stored, is of an alphabet that must not
    /// be signed.
    async fn session(
        &self,
        principal: &UserSession,
        remember: Remember,
        request: &SessionCookie,
        now: OffsetDateTime,
    ) -> Result<Vec<String>, ApiError> {
        let max_age = match remember {
            Remember::Persistent => MaxAge::new(self.policy.expires_in),
            Remember::UntilBrowserCloses => None,
        };
        let line = self.cookies.session_token(&principal.session.token, max_age, &self.secret);
        let mut lines = vec![line.map_err(ApiError::internal)?];
        match remember {
            Remember::UntilBrowserCloses => lines.push(self.cookies.dont_remember(&self.secret)),
            Remember::Persistent if request.dont_remember => lines.push(self.cookies.clear_dont_remember()),
            Remember::Persistent => {}
        }
        lines.extend(self.cached(principal, remember, request, now).await);
        Ok(lines)
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

/// Answers with user and session out of a cookie cache, whose members the reference orders otherwise.
pub(crate) fn cached_envelope(UserSession { user, session }: &UserSession) -> HttpResponse {
    let body = SessionEnvelope {
        session: Some(SessionBody::of_cache(session)),
        user: UserBody::of_cache(user),
        needs_refresh: None,
        token: None,
    };
    json(StatusCode::OK, &body)
}

/// Answers with JSON.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponseBuilder::new(status).json(body)
}

fn put(answer: &mut HttpResponse, lines: &[String]) -> Result<(), ApiError> {
    lines.iter().try_for_each(|line| response_cookies::put(answer.headers_mut(), line))
}
