//! `POST /sign-in/username`.

use std::rc::Rc;

use actix_web::HttpResponse;
use auth_core::{Password, Remember};

use super::{INVALID_USERNAME, INVALID_USERNAME_OR_PASSWORD, Service, USERNAME_TOO_LONG, USERNAME_TOO_SHORT};
use crate::password::PASSWORD_TOO_LONG;
use crate::password::answer::signed_in;
use crate::password::attempts::AccountName;
use crate::password::input::remember;
use crate::password::sign_in::SignInError;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// The error codes of this route.
pub(super) const CODES: &[ErrorCode] = &[
    INVALID_USERNAME_OR_PASSWORD,
    USERNAME_TOO_SHORT,
    USERNAME_TOO_LONG,
    INVALID_USERNAME,
    PASSWORD_TOO_LONG,
];

/// Body of `/sign-in/username`.
#[derive(Debug)]
pub(super) struct SignInInput {
    username: String,
    password: Password,
    has_empty_text: bool,
    remember: Remember,
    callback_url: Option<String>,
}

impl Input for SignInInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let username = fields.required_text("username").to_owned();
        let password = fields.required_text("password");
        let has_empty_text = username.is_empty() || password.is_empty();
        let password = Password::new(password);
        let remember = remember(fields.optional_bool("rememberMe"));
        let callback_url = fields.optional_text("callbackURL").map(str::to_owned);
        fields.finish()?;
        Ok(Self { username, password, has_empty_text, remember, callback_url })
    }
}

/// Signs in and answers as `/sign-in/email` does. As in the reference, it works even if `emailAndPassword` is
/// off.
pub(super) async fn sign_in_username(
    context: Context<()>,
    input: SignInInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let SignInInput { username, password, has_empty_text, remember, callback_url } = input;
    if has_empty_text {
        return Err(ApiError::Coded(INVALID_USERNAME_OR_PASSWORD));
    }
    let username = service.settings.normalized(&username).map_err(ApiError::Coded)?;
    let found = service.store.users().find_credential_by_username(&username).await?;
    // Attempts by username and by e-mail address are attempts at the same password, so both count for one
    // account. Separate counters would give an attacker twice as many attempts. The user's
    // address therefore names the account. A username that no user has is counted under itself. The cost: a
    // client that is delayed under an address, and then at once under a username, learns that both belong to
    // the same account.
    let email = found.as_ref().map(|(user, _)| user.email.clone());
    let account = match &email {
        Some(email) => AccountName::of_email(email),
        None => AccountName::new("username", &username),
    };
    let find = async move || Ok(found);
    let outcome = service.sign_in.with(&context, account, find, password, remember).await;
    let principal = outcome.map_err(refusal)?.signed_in()?;
    signed_in(&principal, callback_url.as_deref())
}

fn refusal(error: SignInError) -> ApiError {
    match error {
        SignInError::InvalidCredentials => ApiError::Coded(INVALID_USERNAME_OR_PASSWORD),
        SignInError::Disabled
        | SignInError::InvalidEmail
        | SignInError::PasswordTooLong
        | SignInError::TooManyAttempts(_)
        | SignInError::Refused(_)
        | SignInError::Hashing(_)
        | SignInError::Store(_) => error.into(),
    }
}
