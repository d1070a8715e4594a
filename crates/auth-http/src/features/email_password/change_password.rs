//! `POST /change-password`.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use auth_core::wire::TokenAndUserBody;
use auth_core::{Password, Remember};

use super::Service;
use crate::password::change_password::{PasswordChange, SessionsAfterChange};
use crate::session::guard::SignedIn;
use crate::web::answer::json;
use crate::web::body::{Body, BodyRule, MediaTypes};
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::input::Input;

/// Body of `/change-password`.
#[derive(Debug)]
pub(super) struct ChangePasswordInput {
    new: Password,
    current: Password,
    revoke_other_sessions: bool,
}

impl Input for ChangePasswordInput {
    const BODY: BodyRule = BodyRule::Read { media_types: MediaTypes::Json, is_login: false };

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let new = Password::new(fields.required_text("newPassword"));
        let current = Password::new(fields.required_text("currentPassword"));
        let revoke_other_sessions = fields.optional_bool("revokeOtherSessions").unwrap_or(false);
        fields.finish()?;
        Ok(Self { new, current, revoke_other_sessions })
    }
}

/// Changes the password of the caller.
pub(super) async fn change_password(
    context: Context<SignedIn>,
    input: ChangePasswordInput,
    service: Rc<Service>,
) -> Result<HttpResponse, ApiError> {
    let ChangePasswordInput { new, current, revoke_other_sessions } = input;
    let sessions = if revoke_other_sessions {
        SessionsAfterChange::Replaced(if service.sessions.presented(&context)?.dont_remember {
            Remember::UntilBrowserCloses
        } else {
            Remember::Persistent
        })
    } else {
        SessionsAfterChange::Kept
    };
    let change = PasswordChange { current, new, sessions };
    let session = service.change_password.change(&context, &context.caller, change).await?;
    let token = session.as_ref().map(|session| session.token.expose());
    let user = (&context.caller.principal.user).into();
    Ok(json(StatusCode::OK, &TokenAndUserBody { token, user }))
}
