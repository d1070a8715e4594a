//! `/get-session`: the current session, for both APIs.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use auth_core::UserSession;
use auth_core::wire::ErrorCode;
use serde_json::Value;
use time::OffsetDateTime;

use crate::session::auth_jwt;
use crate::session::caller::{
    CacheUse, Credential, LiveSession, Purpose, ReadFlags, Reading, SessionReader, SessionRequest,
};
use crate::session::credentials::SessionCookie;
use crate::session::reply::{self, SessionReply, ShownToken};
use crate::session::site::Site;
use crate::settings::AnonymousGetSession;
use crate::web::body::Body;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::now::Now;
use crate::web::origin::OriginPolicy;

/// Answers who is signed in, extends the session when its time has come, and hands out an access token.
///
/// # Errors
///
/// 401 for a bearer token that does not verify or whose session ended, and for a caller without
/// credentials unless the settings say `null`.
pub(crate) async fn get_session(
    asked: Asked,
    reader: Data<SessionReader>,
    anonymous: Data<AnonymousGetSession>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    show(asked, Purpose::Read, &reader, **anonymous, &site.reply).await
}

/// As `GET`, and extends the session where `GET` leaves that to this route (`session.defer_refresh`).
///
/// # Errors
///
/// The origin's refusal; `METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED` where `GET` extends sessions itself;
/// else as `GET`.
pub(crate) async fn post_session(
    request: HttpRequest,
    origins: Data<OriginPolicy>,
    reader: Data<SessionReader>,
    anonymous: Data<AnonymousGetSession>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    origins.check_cookie_request(&request)?;
    origins.check_redirects(&request, &Body::none())?;
    if !reader.defer_refresh {
        return Err(ApiError::Coded(ErrorCode::MethodNotAllowedDeferSessionRequired));
    }
    let asked = Asked::extract(&request).await?;
    show(asked, Purpose::KeepAlive, &reader, **anonymous, &site.reply).await
}

/// What a request shows and asks for, and when.
#[derive(Debug)]
pub(crate) struct Asked {
    credential: Credential,
    cookie: SessionCookie,
    flags: ReadFlags,
    now: OffsetDateTime,
}

impl FromRequest for Asked {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let mut read = || {
            Ok(Self {
                credential: Credential::from_request(request, payload).into_inner()?,
                cookie: SessionCookie::from_request(request, payload).into_inner()?,
                flags: ReadFlags::from_request(request, payload).into_inner()?,
                now: Now::from_request(request, payload).into_inner()?.0,
            })
        };
        ready(read())
    }
}

async fn show(
    asked: Asked,
    purpose: Purpose,
    reader: &SessionReader,
    anonymous: AnonymousGetSession,
    reply: &SessionReply,
) -> Result<HttpResponse, ApiError> {
    let Asked { credential, cookie, flags, now } = asked;
    let request = SessionRequest {
        credential: &credential,
        dont_remember: cookie.dont_remember,
        cached: cookie.cached.as_deref(),
        copies: reply.copies.as_ref(),
        // Nobody gets a new token for a session that has ended.
        cache_use: if reply.issuer.is_some() || reply.jwt.is_some() {
            CacheUse::Confirmed
        } else {
            CacheUse::Trusted
        },
        flags,
    };
    let answer = match reader.read(request, purpose, now).await {
        Err(error) => Err(ApiError::from(error)),
        Ok(Reading::Nobody) => nobody(&credential, &cookie, reply, anonymous),
        Ok(Reading::GoneMeanwhile) => gone_meanwhile(&credential, &cookie, reply),
        Ok(Reading::User(user)) => {
            let token = presented_token(credential).filter(|_| reply.issuer.is_some());
            Ok(reply::envelope(StatusCode::OK, &user, None, None, token.as_ref()))
        }
        Ok(Reading::Cached(principal)) => Ok(reply::cached_envelope(&principal)),
        Ok(Reading::Session(live)) => {
            let user = reply.jwt.as_ref().map(|_| live.principal.user.clone());
            let mut answer = living(live, credential, &cookie, now, reply).await;
            if let (Some(signer), Some(user), Ok(answer)) = (&reply.jwt, user, &mut answer) {
                auth_jwt::add(answer, signer, &reader.store, &user, now).await;
            }
            answer
        }
    };
    let mut answer = answer.unwrap_or_else(HttpResponse::from_error);
    reply.clear_stale_cache(&mut answer, &cookie)?;
    Ok(answer)
}

async fn living(
    live: LiveSession,
    credential: Credential,
    cookie: &SessionCookie,
    now: OffsetDateTime,
    reply: &SessionReply,
) -> Result<HttpResponse, ApiError> {
    let LiveSession { principal, known_by, news, needs_refresh } = live;
    let keeps_token = match &credential {
        Credential::AccessToken { claims, .. } => !claims.is_past_half_life(now),
        _ => false,
    };
    let token = if keeps_token && reply.issuer.is_some() {
        presented_token(credential)
    } else {
        reply.new_token(&principal, now)?
    };
    let UserSession { user, session } = &principal;
    let mut answer = reply::envelope(StatusCode::OK, user, Some(session), needs_refresh, token.as_ref());
    if known_by.takes_cookies() {
        reply.set_news(&mut answer, news, &principal, cookie, now).await?;
    }
    Ok(answer)
}

fn nobody(
    credential: &Credential,
    cookie: &SessionCookie,
    reply: &SessionReply,
    anonymous: AnonymousGetSession,
) -> Result<HttpResponse, ApiError> {
    match credential {
        Credential::None if anonymous == AnonymousGetSession::Unauthorized => {
            Err(ApiError::Unauthorized(Unauthorized::NoCredentials))
        }
        Credential::None | Credential::DeadCookie => Ok(null()),
        Credential::Cookie(_) | Credential::NoSession => {
            let mut answer = null();
            reply.clear_session(&mut answer, cookie)?;
            Ok(answer)
        }
        Credential::SessionToken(_) | Credential::AccessToken { .. } | Credential::Foreign { .. } => {
            Err(ApiError::Unauthorized(Unauthorized::InvalidToken))
        }
    }
}

/// The session ended between the read and the extension (Better Auth core §11.4 step 8).
fn gone_meanwhile(
    credential: &Credential,
    cookie: &SessionCookie,
    reply: &SessionReply,
) -> Result<HttpResponse, ApiError> {
    if !matches!(credential, Credential::Cookie(_)) {
        return Err(ApiError::Unauthorized(Unauthorized::InvalidToken));
    }
    let mut answer = HttpResponse::from_error(ApiError::Coded(ErrorCode::FailedToGetSession));
    reply.clear_session(&mut answer, cookie)?;
    Ok(answer)
}

fn null() -> HttpResponse {
    reply::json(StatusCode::OK, &Value::Null)
}

/// The token that the caller came with.
fn presented_token(credential: Credential) -> Option<ShownToken> {
    match credential {
        Credential::AccessToken { claims, token } => {
            Some(ShownToken { token, expires_at: claims.expires_at })
        }
        Credential::Foreign { claims, token } => Some(ShownToken { token, expires_at: claims.expires_at }),
        Credential::None
        | Credential::DeadCookie
        | Credential::Cookie(_)
        | Credential::NoSession
        | Credential::SessionToken(_) => None,
    }
}
