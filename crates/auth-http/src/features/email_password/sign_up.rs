//! New users: `POST /sign-up/email` as the reference does, `POST /register` of the token API.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use auth_core::wire::TokenAndUserBody;
use auth_core::{Email, Password, UserSession};

use crate::features::email_password::sign_in::remember;
use crate::password::email_and_password::EmailAndPassword;
use crate::password::sign_up::{SignUp, SignedUp};
use crate::session::checked::{Checked, RouteBody};
use crate::session::credentials::SessionCookie;
use crate::session::reply;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::client::Client;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::now::Now;

/// The reference's schema is an object and a record at once, and says so twice.
const ROOTS: [&str; 2] = ["object", "record"];

/// What the body has besides additional fields.
const KNOWN: [&str; 6] = ["name", "email", "password", "image", "callbackURL", "rememberMe"];

/// Longest name in UTF-16 units. Access tokens carry the name, and one that makes its own user's tokens longer
/// than any server reads is nobody's name.
const NAME_MAX: usize = 512;

/// Longest `image` in UTF-16 units: room for a small picture as a `data:` address, and as much as a request's
/// body by default.
const IMAGE_MAX: usize = 65_536;

/// Body of `/sign-up/email`.
#[derive(Debug)]
pub(crate) struct SignUpInput(SignUp);

impl RouteBody for SignUpInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::FormOrJson;
    const IS_LOGIN: bool = true;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &ROOTS)?;
        let name = fields.required_text("name");
        fields.at_most(NAME_MAX, "name");
        parse_rest(fields, |_| name.to_owned()).map(Self)
    }
}

/// Body of `/register`: as `/sign-up/email`, with a name that may be left out.
#[derive(Debug)]
pub(crate) struct RegisterInput(SignUp);

impl RouteBody for RegisterInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::FormOrJson;
    const IS_LOGIN: bool = true;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &ROOTS)?;
        let name = fields.optional_text("name");
        fields.at_most(NAME_MAX, "name");
        parse_rest(fields, |email| name.unwrap_or(email.local_part()).to_owned()).map(Self)
    }
}

/// Reads the fields after the name, in the reference's schema order.
fn parse_rest(mut fields: Fields<'_>, name: impl Fn(&Email) -> String) -> Result<SignUp, ApiError> {
    let email = fields.email("email");
    let password = Password::new(fields.non_empty_text("password"));
    let image = fields.optional_text("image").map(str::to_owned);
    fields.at_most(IMAGE_MAX, "image");
    fields.optional_text("callbackURL");
    let remember = remember(fields.optional_bool("rememberMe"));
    let others = fields.others(&KNOWN);
    let email = fields.finish_with(email)?;
    Ok(SignUp { name: name(&email), email, password, image, remember, others })
}

/// Signs up, and in unless the settings say otherwise; answers with the raw session token and the user.
///
/// # Errors
///
/// The reference's codes for a taken address, a password of wrong length and additional fields.
pub(crate) async fn sign_up_email(
    Checked(SignUpInput(request)): Checked<SignUpInput>,
    client: Client,
    cookie: SessionCookie,
    Now(now): Now,
    passwords: Data<EmailAndPassword>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let remember = request.remember;
    let SignedUp { user, session } = passwords.sign_up(request, client, now).await?;
    let token = session.as_ref().map(|session| session.token.expose());
    let mut answer = reply::json(StatusCode::OK, &TokenAndUserBody { token, user: (&user).into() });
    if let Some(session) = session {
        site.reply.set_session(&mut answer, &UserSession { user, session }, remember, &cookie, now).await?;
    }
    Ok(answer)
}

/// Signs up, and in unless the settings say otherwise; answers 201 with the session envelope.
///
/// # Errors
///
/// As `/sign-up/email`.
pub(crate) async fn register(
    Checked(RegisterInput(request)): Checked<RegisterInput>,
    client: Client,
    cookie: SessionCookie,
    Now(now): Now,
    passwords: Data<EmailAndPassword>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let remember = request.remember;
    match passwords.sign_up(request, client, now).await? {
        SignedUp { user, session: Some(session) } => {
            let principal = UserSession { user, session };
            site.reply.signed_in(StatusCode::CREATED, &principal, remember, &cookie, now).await
        }
        SignedUp { user, session: None } => Ok(site.reply.signed_up(StatusCode::CREATED, &user)),
    }
}
