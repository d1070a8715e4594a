//! `POST /sign-in/email`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use auth_core::wire::SignInBody;
use auth_core::{Password, encode_uri_component};

use super::Service;
use crate::password::input::remember;
use crate::password::sign_in::EmailLogin;
use crate::web::answer::json;
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
    // An empty address is repeated in the body and is no redirect.
    let target = callback_url.as_deref().filter(|url| !url.is_empty());
    let body = SignInBody {
        redirect: target.is_some(),
        token: principal.session.token.expose(),
        url: callback_url.as_deref(),
        user: (&principal.user).into(),
    };
    let mut answer = json(StatusCode::OK, &body);
    if let Some(url) = target {
        let location = HeaderValue::from_str(&ascii_address(url)).map_err(ApiError::internal)?;
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// Percent-encodes what is no ASCII: a header holds none (RFC 9110 §5.5), the reference sends one byte per letter or
/// fails.
fn ascii_address(url: &str) -> String {
    let mut ascii = String::with_capacity(url.len());
    for letter in url.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            ascii.push_str(&encode_uri_component(letter.encode_utf8(&mut [0; 4])));
        }
    }
    ascii
}
