//! `POST /sign-out`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

use super::Service;
use crate::session::credential::Credential;
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::fields::Fields;
use crate::web::input::Input;

/// Body of `/sign-out`; optional.
#[derive(Debug)]
pub(super) struct SignOutInput;

impl Input for SignOutInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        if body.value().is_some() {
            let mut fields = Fields::of(body, &["object"])?;
            fields.optional_text("callbackURL");
            fields.optional_bool("disableRedirect");
            fields.optional_text("state");
            fields.finish()?;
        }
        Ok(Self)
    }
}

/// Ends the session that a cookie or a bearer token names. Without a session it succeeds too, because there
/// is nothing to end.
///
/// Unlike the reference, it answers 503 if the database is unavailable. It answers 401 to a bearer token that
/// does not verify, and to a foreign token, which has no session. A success therefore means that the session
/// has ended.
pub(super) async fn sign_out(
    context: Context<Credential>,
    _: SignOutInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    match &context.caller {
        Credential::None | Credential::InvalidCookie | Credential::UnusableToken => {}
        Credential::Cookie(token) | Credential::SessionToken(token) => service.sessions.end(token).await?,
        Credential::AccessToken { claims, .. } => service.sessions.end_by_claims(claims).await?,
        Credential::Foreign { .. } => return Err(ApiError::Unauthorized(Unauthorized::InvalidToken)),
    }
    service.sessions.clear_session_cookies(&context)?;
    Ok(json(StatusCode::OK, &json!({"success": true})))
}
