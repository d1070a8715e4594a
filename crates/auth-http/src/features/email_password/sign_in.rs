//! `POST /sign-in/email`.

use std::rc::Rc;

use actix_web::HttpResponse;
use auth_core::Password;

use super::Service;
use crate::password::answer::signed_in;
use crate::password::input::remember;
use crate::password::sign_in::EmailLogin;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// Body of `/sign-in/email`.
#[derive(Debug)]
pub(super) struct SignInInput {
    login: EmailLogin,
    callback_url: Option<String>,
}

impl Input for SignInInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::FormOrJson, is_login: true };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let email = fields.required_text("email").to_owned();
        let password = Password::new(fields.required_text("password"));
        let callback_url = fields.optional_text("callbackURL").map(str::to_owned);
        let remember = remember(fields.optional_bool("rememberMe"));
        fields.finish()?;
        Ok(Self { login: EmailLogin { email, password, remember }, callback_url })
    }
}

/// Signs in and answers with the raw session token and the user.
pub(super) async fn sign_in_email(
    context: Context<()>,
    SignInInput { login, callback_url }: SignInInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let principal = service.sign_in.with_email(&context, login).await?.signed_in()?;
    signed_in(&principal, callback_url.as_deref())
}
