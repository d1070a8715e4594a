//! `POST /sign-up/email`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::TokenAndUserBody;

use super::Service;
use crate::password::input::{NAME_MAX, SIGN_UP_ROOTS};
use crate::password::sign_up::{NewUser, SignedUp};
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// Body of `/sign-up/email`.
#[derive(Debug)]
pub(super) struct SignUpInput(NewUser);

impl Input for SignUpInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::FormOrJson, is_login: true };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &SIGN_UP_ROOTS)?;
        let name = fields.required_text("name");
        fields.at_most(NAME_MAX, "name");
        NewUser::read(fields, |_| name.to_owned()).map(Self)
    }
}

/// Signs up, and signs in unless the settings say otherwise. Answers with the raw session token and the user.
pub(super) async fn sign_up_email(
    context: Context<()>,
    SignUpInput(new): SignUpInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let SignedUp { user, session } = service.sign_up.sign_up(&context, new).await?;
    let token = session.as_ref().map(|session| session.token.expose());
    Ok(json(StatusCode::OK, &TokenAndUserBody { token, user: (&user).into() }))
}
