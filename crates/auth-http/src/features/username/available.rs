//! `POST /is-username-available`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

use super::{INVALID_USERNAME, Service, USERNAME_TOO_LONG, USERNAME_TOO_SHORT};
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// The error codes of this route.
pub(super) const CODES: &[ErrorCode] = &[INVALID_USERNAME, USERNAME_TOO_SHORT, USERNAME_TOO_LONG];

/// Body of `/is-username-available`.
#[derive(Debug)]
pub(super) struct AvailableInput {
    username: String,
}

impl Input for AvailableInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let username = fields.required_text("username").to_owned();
        fields.finish()?;
        Ok(Self { username })
    }
}

/// Answers whether a username is free.
pub(super) async fn is_username_available(
    _: Context<()>,
    input: AvailableInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    if input.username.is_empty() {
        return Err(ApiError::Coded(INVALID_USERNAME));
    }
    let username = service.settings.normalized(&input.username).map_err(ApiError::Coded)?;
    let is_taken = service.store.users().has_username(&username).await?;
    Ok(json(StatusCode::OK, &json!({"available": !is_taken})))
}
