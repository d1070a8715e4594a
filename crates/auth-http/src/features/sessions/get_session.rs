//! `/get-session`: the current session, for both APIs.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::UserSession;
use serde_json::Value;

use super::{METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED, Service};
use crate::session::FAILED_TO_GET_SESSION;
use crate::session::credential::Credential;
use crate::session::envelope::{ShownToken, cached_envelope, envelope};
use crate::session::read_flags::ReadFlags;
use crate::session::reader::{LiveSession, Purpose, Reading, SessionRequest};
use crate::session::settings::AnonymousGetSession;
use crate::web::access::CookieCacheUse;
use crate::web::answer::json;
use crate::web::context::{Context, RequestContext};
use crate::web::error::{ApiError, Unauthorized};
use crate::web::input::{IgnoredBody, NoBody};

/// Answers with session and user, extends the session if it is due, and adds an access token if answers carry
/// one.
pub(super) async fn get_session(
    context: Context<Credential>,
    _: NoBody,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    show(&context, context.caller.clone(), Purpose::Read, &service).await
}

/// As `GET`, and extends the session, because `GET` leaves that to this route (`session.defer_refresh`).
pub(super) async fn post_session(
    context: Context<()>,
    _: IgnoredBody,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    if !service.sessions.reader.defer_refresh {
        return Err(ApiError::Coded(METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED));
    }
    let credential = service.sessions.credential(&context)?;
    show(&context, credential, Purpose::KeepAlive, &service).await
}

async fn show(
    context: &RequestContext,
    credential: Credential,
    purpose: Purpose,
    service: &Service,
) -> Result<HttpResponse, ApiError> {
    let sessions = &service.sessions;
    let (site, presented) = (sessions.site(context)?, sessions.presented(context)?);
    // Must come first: later steps may set the same cookies.
    context.set_cookies_before(sessions.stale_cache(context)?);
    let hands_out_tokens = site.issuer.is_some() || !sessions.hooks.after_shown.is_empty();
    let read = SessionRequest {
        credential: &credential,
        dont_remember: presented.dont_remember,
        cached: presented.cached.as_deref(),
        cookie_cache: site.cookie_cache.as_ref(),
        // A session that has ended must not get a new token, so the store is asked as well.
        cache_use: if hands_out_tokens { CookieCacheUse::Confirmed } else { CookieCacheUse::Trusted },
        flags: ReadFlags::of(context.query()),
    };
    match sessions.reader.read(read, purpose, context.now()).await? {
        Reading::None => none(context, &credential, service),
        Reading::EndedMeanwhile => ended_meanwhile(context, &credential, service),
        Reading::User(user) => {
            let token = presented_token(credential).filter(|_| site.issuer.is_some());
            Ok(envelope(StatusCode::OK, &user, None, None, token.as_ref()))
        }
        Reading::Cached(principal) => Ok(cached_envelope(&principal)),
        Reading::Session(live) => living(context, live, credential, service).await,
    }
}

async fn living(
    context: &RequestContext,
    live: LiveSession,
    credential: Credential,
    service: &Service,
) -> Result<HttpResponse, ApiError> {
    let LiveSession { principal, known_by, update, needs_refresh } = live;
    let (sessions, now) = (&service.sessions, context.now());
    let site = sessions.site(context)?;
    let keeps_token = match &credential {
        Credential::AccessToken { claims, .. } => site.issuer.is_some() && !claims.is_past_half_life(now),
        Credential::None
        | Credential::InvalidCookie
        | Credential::Cookie(_)
        | Credential::UnusableToken
        | Credential::SessionToken(_)
        | Credential::Foreign { .. } => false,
    };
    let token = if keeps_token { presented_token(credential) } else { site.new_token(&principal, now)? };
    let UserSession { user, session } = &principal;
    let mut answer = envelope(StatusCode::OK, user, Some(session), needs_refresh, token.as_ref());
    if known_by.takes_cookies() {
        context.set_cookies(sessions.updated_cookies(context, update, &principal).await?);
    }
    for hook in &sessions.hooks.after_shown {
        hook.after_session_shown(context, user, answer.headers_mut()).await;
    }
    Ok(answer)
}

fn none(
    context: &RequestContext,
    credential: &Credential,
    service: &Service,
) -> Result<HttpResponse, ApiError> {
    match credential {
        Credential::None if service.anonymous == AnonymousGetSession::Unauthorized => {
            Err(ApiError::Unauthorized(Unauthorized::NoCredentials))
        }
        Credential::None | Credential::InvalidCookie => Ok(null()),
        Credential::Cookie(_) | Credential::UnusableToken => {
            service.sessions.clear_session_cookies(context)?;
            Ok(null())
        }
        Credential::SessionToken(_) | Credential::AccessToken { .. } | Credential::Foreign { .. } => {
            Err(ApiError::Unauthorized(Unauthorized::InvalidToken))
        }
    }
}

/// Answers if the session ended between the read and its extension.
fn ended_meanwhile(
    context: &RequestContext,
    credential: &Credential,
    service: &Service,
) -> Result<HttpResponse, ApiError> {
    if !matches!(credential, Credential::Cookie(_)) {
        return Err(ApiError::Unauthorized(Unauthorized::InvalidToken));
    }
    service.sessions.clear_session_cookies(context)?;
    Err(ApiError::Coded(FAILED_TO_GET_SESSION))
}

fn null() -> HttpResponse {
    json(StatusCode::OK, &Value::Null)
}

/// Returns the JWT that the caller presented; `None` for other credentials.
fn presented_token(credential: Credential) -> Option<ShownToken> {
    match credential {
        Credential::AccessToken { claims, token } => {
            Some(ShownToken { token, expires_at: claims.expires_at })
        }
        Credential::Foreign { claims, token } => Some(ShownToken { token, expires_at: claims.expires_at }),
        Credential::None
        | Credential::InvalidCookie
        | Credential::Cookie(_)
        | Credential::UnusableToken
        | Credential::SessionToken(_) => None,
    }
}
