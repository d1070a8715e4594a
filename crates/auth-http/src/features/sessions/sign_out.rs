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

/// Body of `/sign-out`; it may be left out.
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

/// Ends the session that a cookie or a bearer token names. Without one it succeeds too: there is nothing left to end.
///
/// Unlike the reference, an outage is 503, and a bearer token that does not verify or has no session is 401: "signed
/// out" is said only when it is so.
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
