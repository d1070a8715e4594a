//! `POST /register`, `POST /login`, `POST /logout`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::{Password, UserSession};
use serde_json::json;

use super::Service;
use crate::password::input::{NAME_MAX, SIGN_UP_ROOTS, remember};
use crate::password::sign_in::EmailLogin;
use crate::password::sign_up::{NewUser, SignedUp};
use crate::session::credential::Caller;
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::fields::Fields;
use crate::web::input::{Input, NoInput};

/// Body of `/register`: as for `/sign-up/email`, but the name is optional.
#[derive(Debug)]
pub(super) struct RegisterInput(NewUser);

impl Input for RegisterInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::FormOrJson, is_login: true };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &SIGN_UP_ROOTS)?;
        let name = fields.optional_text("name");
        fields.at_most(NAME_MAX, "name");
        NewUser::read(fields, |email| name.unwrap_or(email.local_part()).to_owned()).map(Self)
    }
}

/// Signs up, and signs in unless the settings say otherwise. Answers 201 with the session envelope.
pub(super) async fn register(
    context: Context<()>,
    RegisterInput(new): RegisterInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let site = service.sessions.site(&context)?;
    match service.sign_up.sign_up(&context, new).await? {
        SignedUp { user, session: Some(session) } => {
            site.signed_in(StatusCode::CREATED, &UserSession { user, session }, context.now())
        }
        SignedUp { user, session: None } => Ok(site.signed_up(StatusCode::CREATED, &user)),
    }
}

/// Body of `/login`. In a form, the OAuth-style name `username` may replace `email`.
#[derive(Debug)]
pub(super) struct LoginInput(EmailLogin);

impl Input for LoginInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::FormOrJson, is_login: true };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let says_username =
            body.is_form() && body.member("email").is_none() && body.member("username").is_some();
        let email = fields.required_text(if says_username { "username" } else { "email" }).to_owned();
        let password = Password::new(fields.required_text("password"));
        let remember = remember(fields.optional_bool("rememberMe"));
        fields.finish()?;
        Ok(Self(EmailLogin { email, password, remember }))
    }
}

/// Signs in and answers with the session envelope.
pub(super) async fn login(
    context: Context<()>,
    LoginInput(login): LoginInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let principal = service.sign_in.with_email(&context, login).await?.signed_in()?;
    service.sessions.site(&context)?.signed_in(StatusCode::OK, &principal, context.now())
}

/// Ends the caller's session. A token of another issuer has no session and is refused.
pub(super) async fn logout(
    context: Context<Caller>,
    _: NoInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let session = context.caller.session.as_ref();
    let session = session.ok_or(ApiError::Unauthorized(Unauthorized::InvalidToken))?;
    service.sessions.end(&session.token).await?;
    service.sessions.clear_session_cookies(&context)?;
    Ok(json(StatusCode::OK, &json!({"success": true})))
}
