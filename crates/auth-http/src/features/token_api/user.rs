//! `GET /user`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::UserBody;

use super::Service;
use crate::session::credential::Caller;
use crate::web::answer::json;
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::input::NoBody;

/// Answers with the user, without an envelope.
pub(super) async fn user(
    context: Context<Caller>,
    _: NoBody,
    _: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    Ok(json(StatusCode::OK, &UserBody::from(&context.caller.user)))
}
