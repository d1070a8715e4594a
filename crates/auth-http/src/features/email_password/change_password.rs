//! `POST /change-password`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use auth_core::wire::TokenAndUserBody;
use auth_core::{Password, Remember, UserSession};

use crate::password::change_password::{ChangePassword, SessionsAfterChange};
use crate::password::email_and_password::EmailAndPassword;
use crate::session::checked::RouteBody;
use crate::session::credentials::SessionCookie;
use crate::session::guard::{Guarded, SignedIn};
use crate::session::reply;
use crate::session::site::Site;
use crate::web::body::{Body, MediaTypes};
use crate::web::client::Client;
use crate::web::error::ApiError;
use crate::web::fields::Fields;
use crate::web::now::Now;

/// Body of `/change-password`.
#[derive(Debug)]
pub(crate) struct ChangePasswordInput {
    new: Password,
    current: Password,
    revoke_other_sessions: bool,
}

impl RouteBody for ChangePasswordInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;

    fn parse(body: &Body) -> Result<Self, ApiError> {
        let mut fields = Fields::of(body, &["object"])?;
        let new = Password::new(fields.required_text("newPassword"));
        let current = Password::new(fields.required_text("currentPassword"));
        let revoke_other_sessions = fields.optional_bool("revokeOtherSessions").unwrap_or(false);
        fields.finish()?;
        Ok(Self { new, current, revoke_other_sessions })
    }
}

/// Changes the password of the caller, who must know the current one.
///
/// # Errors
///
/// 401 without a session; the reference's codes for wrong lengths, a wrong current password and a user
/// without one.
pub(crate) async fn change_password(
    Guarded { input, caller: SignedIn { principal, known_by } }: Guarded<ChangePasswordInput>,
    client: Client,
    cookie: SessionCookie,
    Now(now): Now,
    passwords: Data<EmailAndPassword>,
    site: Site,
) -> Result<HttpResponse, ApiError> {
    let remember = if cookie.dont_remember { Remember::UntilBrowserCloses } else { Remember::Persistent };
    let request = ChangePassword {
        current: input.current,
        new: input.new,
        sessions: if input.revoke_other_sessions {
            SessionsAfterChange::Replaced(remember)
        } else {
            SessionsAfterChange::Kept
        },
    };
    let session = passwords.change_password(&principal, request, client, now).await?;
    let token = session.as_ref().map(|session| session.token.expose());
    let mut answer = reply::json(StatusCode::OK, &TokenAndUserBody { token, user: (&principal.user).into() });
    if let Some(session) = session.filter(|_| known_by.takes_cookies()) {
        let principal = UserSession { user: principal.user, session };
        site.reply.set_session(&mut answer, &principal, remember, &cookie, now).await?;
    }
    Ok(answer)
}
