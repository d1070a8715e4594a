//! `/list-sessions`, `/revoke-session`, `/revoke-sessions`, `/revoke-other-sessions`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::SessionToken;
use auth_core::wire::SessionBody;
use serde_json::json;

use super::Service;
use crate::session::guard::SignedIn;
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::input::{Input, NoBody, NoInput};

/// Lists the caller's live sessions with their raw tokens, which the caller needs to revoke them.
pub(super) async fn list_sessions(
    context: Context<SignedIn>,
    _: NoBody,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let sessions = service.sessions.store.sessions();
    let user_id = &context.caller.principal.user.id;
    let sessions = sessions.list_by_user(user_id, context.now(), service.list_limit).await?;
    let bodies: Vec<SessionBody<'_>> = sessions.iter().map(Into::into).collect();
    Ok(json(StatusCode::OK, &bodies))
}

/// Body of `/revoke-session`.
#[derive(Debug)]
pub(super) struct RevokeSessionInput {
    token: SessionToken,
}

impl Input for RevokeSessionInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        // Any format is accepted, because another server may have stored tokens of another alphabet.
        let token = SessionToken::from_stored(fields.required_text("token"));
        fields.finish()?;
        Ok(Self { token })
    }
}

/// Ends one session of the caller. An unknown token and a token of another user get the same answer.
pub(super) async fn revoke_session(
    context: Context<SignedIn>,
    input: RevokeSessionInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { principal, known_by } = &context.caller;
    service.sessions.store.sessions().delete_owned(&input.token, &principal.user.id).await?;
    if known_by.takes_cookies() && input.token.constant_time_eq(&principal.session.token) {
        service.sessions.clear_session_cookies(&context)?;
    }
    Ok(done())
}

/// Ends every session of the caller, including the current one.
pub(super) async fn revoke_sessions(
    context: Context<SignedIn>,
    _: NoInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let SignedIn { principal, known_by } = &context.caller;
    service.sessions.store.sessions().delete_by_user(&principal.user.id).await?;
    if known_by.takes_cookies() {
        service.sessions.clear_session_cookies(&context)?;
    }
    Ok(done())
}

/// Ends every session of the caller except the current one. The reference ends at most a hundred.
pub(super) async fn revoke_other_sessions(
    context: Context<SignedIn>,
    _: NoInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let principal = &context.caller.principal;
    let sessions = service.sessions.store.sessions();
    sessions.delete_by_user_except(&principal.user.id, &principal.session.token).await?;
    Ok(done())
}

fn done() -> HttpResponse {
    json(StatusCode::OK, &json!({"status": true}))
}
