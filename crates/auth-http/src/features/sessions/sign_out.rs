//! Ending a session: `POST /sign-out` as the reference does, `POST /logout` of the token API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use auth_store::Store;
use serde_json::json;

use crate::session::caller::Credential;
use crate::session::checked::{Checked, CheckedActing, NoInput, RouteBody};
use crate::session::credentials::SessionCookie;
use crate::session::reply::{self, SessionReply};
use crate::session::sign_out;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::error::{ApiError, Unauthorized};
use crate::web::fields::Fields;

/// Body of `/sign-out`; it may be left out.
#[derive(Debug)]
pub(crate) struct SignOutInput;

impl RouteBody for SignOutInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;

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

/// Ends the session that a cookie or a bearer token names. Without one it succeeds too: there is nothing
/// left to end.
///
/// # Errors
///
/// Unlike the reference, an outage is 503, and a bearer token that does not verify or has no session is
/// 401: "signed out" is said only when it is so.
pub(crate) async fn sign_out(
    _input: Checked<SignOutInput>,
    credential: Credential,
    cookie: SessionCookie,
    store: Data<Store>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    match credential {
        Credential::None | Credential::DeadCookie | Credential::NoSession => {}
        Credential::Cookie(token) | Credential::SessionToken(token) => {
            sign_out::sign_out(&store, &token).await?;
        }
        Credential::AccessToken { claims, .. } => {
            sign_out::sign_out_by_claims(&store, &claims).await?;
        }
        Credential::Foreign { .. } => return Err(ApiError::Unauthorized(Unauthorized::InvalidToken)),
    }
    signed_out(&site.reply, &cookie)
}

/// Ends the caller's session.
///
/// # Errors
///
/// 401 without credentials, and for a foreign token, which has no session to end.
pub(crate) async fn logout(
    CheckedActing { caller, .. }: CheckedActing<NoInput>,
    cookie: SessionCookie,
    store: Data<Store>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let session = caller.session.ok_or(ApiError::Unauthorized(Unauthorized::InvalidToken))?;
    sign_out::sign_out(&store, &session.token).await?;
    signed_out(&site.reply, &cookie)
}

fn signed_out(reply: &SessionReply, request: &SessionCookie) -> Result<HttpResponse, ApiError> {
    let mut answer = reply::json(StatusCode::OK, &json!({"success": true}));
    reply.clear_session(&mut answer, request)?;
    Ok(answer)
}
