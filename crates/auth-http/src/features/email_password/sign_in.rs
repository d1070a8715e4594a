//! Signing in: `POST /sign-in/email` as the reference does, `POST /login` of the token API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use auth_core::wire::SignInBody;
use auth_core::{Password, Remember, encode_uri_component};

use crate::password::email_and_password::EmailAndPassword;
use crate::password::sign_in::SignIn;
use crate::session::checked::{Checked, RouteBody};
use crate::session::credentials::SessionCookie;
use crate::session::reply;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::client::Client;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::now::Now;

/// Body of `/sign-in/email`.
#[derive(Debug)]
pub(crate) struct SignInInput {
    request: SignIn,
    callback_url: Option<String>,
}

impl RouteBody for SignInInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::FormOrJson;
    const IS_LOGIN: bool = true;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let email = fields.required_text("email").to_owned();
        let password = Password::new(fields.required_text("password"));
        let callback_url = fields.optional_text("callbackURL");
        let remember = remember(fields.optional_bool("rememberMe"));
        fields.finish()?;
        let request = SignIn { email, password, remember };
        Ok(Self { request, callback_url: callback_url.map(str::to_owned) })
    }
}

/// Body of `/login`: in a form, the OAuth-style name `username` may stand for `email`.
#[derive(Debug)]
pub(crate) struct LoginInput(SignIn);

impl RouteBody for LoginInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::FormOrJson;
    const IS_LOGIN: bool = true;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let says_username =
            body.is_form() && body.member("email").is_none() && body.member("username").is_some();
        let email = fields.required_text(if says_username { "username" } else { "email" }).to_owned();
        let password = Password::new(fields.required_text("password"));
        let remember = remember(fields.optional_bool("rememberMe"));
        fields.finish()?;
        Ok(Self(SignIn { email, password, remember }))
    }
}

/// Only a literal `false` asks to be forgotten (Better Auth core §7.2).
pub(super) fn remember(remember_me: Option<bool>) -> Remember {
    match remember_me {
        Some(false) => Remember::UntilBrowserCloses,
        Some(true) | None => Remember::Persistent,
    }
}

/// Signs in and answers with the raw session token and the user.
///
/// # Errors
///
/// One answer for an unknown address, a wrong password and a user without one.
pub(crate) async fn sign_in_email(
    Checked(input): Checked<SignInInput>,
    client: Client,
    cookie: SessionCookie,
    Now(now): Now,
    passwords: Data<EmailAndPassword>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let SignInInput { request, callback_url } = input;
    let remember = request.remember;
    let principal = passwords.sign_in(request, client, now).await?;
    // An empty address is repeated to the client, but nobody is sent there.
    let target = callback_url.as_deref().filter(|url| !url.is_empty());
    let body = SignInBody {
        redirect: target.is_some(),
        token: principal.session.token.expose(),
        url: callback_url.as_deref(),
        user: (&principal.user).into(),
    };
    let mut answer = reply::json(StatusCode::OK, &body);
    if let Some(url) = target {
        let location = HeaderValue::from_str(&ascii_address(url)).map_err(ApiError::internal)?;
        answer.headers_mut().insert(header::LOCATION, location);
    }
    site.reply.set_session(&mut answer, &principal, remember, &cookie, now).await?;
    Ok(answer)
}

/// Percent-encodes what is no ASCII: a header holds none (RFC 9110 §5.5), the reference sends one byte per
/// letter or fails.
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

/// Signs in and answers with the session envelope.
///
/// # Errors
///
/// As `/sign-in/email`.
pub(crate) async fn login(
    Checked(LoginInput(request)): Checked<LoginInput>,
    client: Client,
    cookie: SessionCookie,
    Now(now): Now,
    passwords: Data<EmailAndPassword>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let remember = request.remember;
    let principal = passwords.sign_in(request, client, now).await?;
    site.reply.signed_in(StatusCode::OK, &principal, remember, &cookie, now).await
}
