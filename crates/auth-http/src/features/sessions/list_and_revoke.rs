//! The sessions of a user: `/list-sessions`, `/revoke-session`, `/revoke-sessions`, `/revoke-other-sessions`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use auth_core::SessionToken;
use auth_core::wire::SessionBody;
use auth_store::Store;
use serde_json::json;

use crate::session::checked::{NoInput, RouteBody};
use crate::session::credentials::SessionCookie;
use crate::session::guard::{FreshlySignedIn, Guarded, SignedIn};
use crate::session::reply;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::now::Now;
use crate::web::state::ListLimit;

/// Lists the caller's living sessions, raw tokens included: with one of them the caller can end it.
///
/// # Errors
///
/// 401 without a session, 403 where the caller signed in too long ago.
pub(crate) async fn list_sessions(
    FreshlySignedIn(caller): FreshlySignedIn,
    Now(now): Now,
    store: Data<Store>,
    limit: Data<ListLimit>,
) -> Result<HttpResponse, ApiError> {
    let sessions = store.sessions().list_by_user(&caller.principal.user.id, now, limit.0).await?;
    let bodies: Vec<SessionBody<'_>> = sessions.iter().map(Into::into).collect();
    Ok(reply::json(StatusCode::OK, &bodies))
}

/// Body of `/revoke-session`.
#[derive(Debug)]
pub(crate) struct RevokeSessionInput {
    token: SessionToken,
}

impl RouteBody for RevokeSessionInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        // Whatever its form: another server may have stored tokens of another alphabet.
        let token = SessionToken::from_stored(fields.required_text("token"));
        fields.finish()?;
        Ok(Self { token })
    }
}

/// Ends one session of the caller. A token that is unknown or somebody else's gets the same answer.
///
/// # Errors
///
/// 401 without a session.
pub(crate) async fn revoke_session(
    Guarded { input, caller }: Guarded<RevokeSessionInput>,
    cookie: SessionCookie,
    store: Data<Store>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { principal, known_by } = caller;
    store.sessions().delete_owned(&input.token, &principal.user.id).await?;
    let mut answer = done();
    if known_by.takes_cookies() && input.token.constant_time_eq(&principal.session.token) {
        site.reply.clear_session(&mut answer, &cookie)?;
    }
    Ok(answer)
}

/// Ends every session of the caller, this one included.
///
/// # Errors
///
/// 401 without a session.
pub(crate) async fn revoke_sessions(
    Guarded { caller, .. }: Guarded<NoInput>,
    cookie: SessionCookie,
    store: Data<Store>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    store.sessions().delete_by_user(&caller.principal.user.id).await?;
    let mut answer = done();
    if caller.known_by.takes_cookies() {
        site.reply.clear_session(&mut answer, &cookie)?;
    }
    Ok(answer)
}

/// Ends every session of the caller but this one; all of them, where the reference ends a hundred.
///
/// # Errors
///
/// 401 without a session.
pub(crate) async fn revoke_other_sessions(
    Guarded { caller, .. }: Guarded<NoInput>,
    store: Data<Store>,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { principal, .. } = caller;
    store.sessions().delete_by_user_except(&principal.user.id, &principal.session.token).await?;
    Ok(done())
}

fn done() -> HttpResponse {
    reply::json(StatusCode::OK, &json!({"status": true}))
}
