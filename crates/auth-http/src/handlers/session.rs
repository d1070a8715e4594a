//! `GET /get-session`: the current session, for both APIs.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use auth_core::wire::ErrorCode;
use auth_core::{Principal, Remember};
use auth_store::Store;
use serde_json::Value;
use time::OffsetDateTime;

use crate::error::{ApiError, Unauthorized};
use crate::extract::{Now, SessionCookie, SessionQuery};
use crate::flow::session::{Caller, Credential, KnownBy, Renewal, find_caller, renew};
use crate::origin::OriginPolicy;
use crate::reply::{self, SessionReply, ShownToken};
use crate::settings::AnonymousGetSession;

/// Answers who is signed in, extends the session when its time has come, and hands out an access token.
///
/// # Errors
///
/// 401 for a bearer token that does not verify or whose session ended, and for a caller without
/// credentials unless the settings say `null`.
pub(crate) async fn get_session(
    credential: Credential,
    cookie: SessionCookie,
    query: SessionQuery,
    Now(now): Now,
    store: Data<Store>,
    anonymous: Data<AnonymousGetSession>,
    reply: Data<SessionReply>,
) -> Result<HttpResponse, ApiError> {
    let answer = read_session(credential, &cookie, query, now, &store, **anonymous, &reply).await;
    let mut answer = answer.unwrap_or_else(HttpResponse::from_error);
    reply.clear_stale_cache(&mut answer, &cookie)?;
    Ok(answer)
}

async fn read_session(
    credential: Credential,
    cookie: &SessionCookie,
    query: SessionQuery,
    now: OffsetDateTime,
    store: &Store,
    anonymous: AnonymousGetSession,
    reply: &SessionReply,
) -> Result<HttpResponse, ApiError> {
    let Some(Caller { user, session, known_by }) = find_caller(store, &credential, now).await? else {
        return nobody(&credential, cookie, reply, anonymous);
    };
    let Some(session) = session else {
        let token = presented_token(credential).filter(|_| reply.issuer.is_some());
        return Ok(reply::envelope(StatusCode::OK, &user, None, token.as_ref()));
    };

    let asks_to_be_forgotten = match known_by {
        KnownBy::Cookie => cookie.dont_remember,
        _ => reply.policy.is_unremembered(&session),
    };
    let renewal = if query.disable_refresh || asks_to_be_forgotten {
        Renewal::Unchanged(session)
    } else {
        renew(store, &reply.policy, session, now).await?
    };
    let (session, is_extended) = match renewal {
        Renewal::Unchanged(session) => (session, false),
        Renewal::Extended(session) => (session, true),
        Renewal::Gone => return gone_meanwhile(&credential, cookie, reply),
    };

    let keeps_token = match &credential {
        Credential::AccessToken { claims, .. } => !claims.is_past_half_life(now),
        _ => false,
    };
    let principal = Principal { user, session };
    let token = if keeps_token && reply.issuer.is_some() {
        presented_token(credential)
    } else {
        reply.new_token(&principal, now)?
    };
    let Principal { user, session } = &principal;
    let mut answer = reply::envelope(StatusCode::OK, user, Some(session), token.as_ref());
    if is_extended && known_by.takes_cookies() {
        reply.set_session(&mut answer, session, Remember::Persistent, cookie)?;
    }
    Ok(answer)
}

/// `POST /get-session`, which the reference offers with deferred refresh only.
///
/// # Errors
///
/// The origin's refusal, else always `METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED`.
pub(crate) async fn post_session(
    request: HttpRequest,
    origins: Data<OriginPolicy>,
) -> Result<HttpResponse, ApiError> {
    origins.check_cookie_request(request.headers())?;
    Err(ApiError::Coded(ErrorCode::MethodNotAllowedDeferSessionRequired))
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
        Credential::Cookie(_) => {
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
        Credential::None | Credential::DeadCookie | Credential::Cookie(_) | Credential::SessionToken(_) => {
            None
        }
    }
}
