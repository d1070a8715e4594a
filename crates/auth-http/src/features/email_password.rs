//! Better Auth's `emailAndPassword`: `/sign-in/email`, `/sign-up/email`, `/change-password`.

mod change_password;
pub(crate) mod settings;
mod sign_in;
mod sign_up;

use std::rc::Rc;

use actix_web::http::StatusCode;
use auth_core::User;
use auth_store::Store;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use time::OffsetDateTime;

use super::{Feature, Services, facts, mount};
use crate::features::email_password::settings::EmailAndPasswordSettings;
use crate::password::change_password::ChangePassword;
use crate::password::sign_in::SignIn;
use crate::password::sign_up::SignUp;
use crate::session::Sessions;
use crate::session::begin::{Method, Verdict};
use crate::session::guard::Session;
use crate::session::hooks::{BeforeSessionCreate, SessionHooks};
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::guard::Anyone;
use crate::web::rate_limit::PASSWORD_RATE;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::RouteFacts;

/// The user's address is not verified.
const EMAIL_NOT_VERIFIED: ErrorCode =
    ErrorCode::new(StatusCode::FORBIDDEN, "EMAIL_NOT_VERIFIED", "Email not verified");

/// Sign-up and sign-in with an e-mail address and a password. If it is turned off, its routes still exist and
/// answer that it is off.
#[derive(Debug)]
pub(crate) struct EmailPassword {
    requires_verified_email: bool,
}

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    sign_in: SignIn,
    sign_up: SignUp,
    change_password: ChangePassword,
    sessions: Rc<Sessions>,
}

impl EmailPassword {
    /// Makes the feature from its settings.
    pub(crate) fn new(settings: &EmailAndPasswordSettings) -> Self {
        Self { requires_verified_email: settings.require_email_verification }
    }
}

impl AsRef<Sessions> for Service {
    fn as_ref(&self) -> &Sessions {
        &self.sessions
    }
}

impl Feature for EmailPassword {
    fn id(&self) -> &'static str {
        "email-and-password"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&routes())
    }

    fn mount(&self, services: &Services) -> Vec<MountedRoute> {
        let Services { sign_in, sign_up, change_password, sessions, .. } = services.clone();
        mount(routes(), Service { sign_in, sign_up, change_password, sessions })
    }

    fn errors(&self) -> &'static [ErrorCode] {
        &[EMAIL_NOT_VERIFIED]
    }

    fn hook_sessions(&self, hooks: &mut SessionHooks, _: &Store) {
        if self.requires_verified_email {
            hooks.before_create.push(Rc::new(VerifiedEmail));
        }
    }
}

/// Blocks users whose address is not verified (`emailAndPassword.requireEmailVerification`).
#[derive(Debug)]
struct VerifiedEmail;

impl BeforeSessionCreate for VerifiedEmail {
    fn before_session_create<'a>(
        &'a self,
        user: &'a User,
        method: Method,
        _: OffsetDateTime,
    ) -> LocalBoxFuture<'a, Result<Verdict, ApiError>> {
        let is_barred = match method {
            Method::Password => !user.email_verified,
            Method::SignUp | Method::PasswordChange => false,
        };
        let verdict = if is_barred { Err(ApiError::Coded(EMAIL_NOT_VERIFIED)) } else { Ok(Verdict::Pass) };
        std::future::ready(verdict).boxed_local()
    }
}

fn routes() -> Vec<Route<Service>> {
    vec![
        Route::post("/sign-up/email", Anyone, sign_up::sign_up_email)
            .before_fields(|service, body| service.sign_up.hooks.before_create(body).boxed_local())
            .summary("Creates a user with an e-mail address and a password, and signs in.")
            .answers(&[(200, "`token` and `user`")])
            .errors(crate::password::sign_up::CODES)
            .rate(PASSWORD_RATE),
        Route::post("/sign-in/email", Anyone, sign_in::sign_in_email)
            .summary("Signs in with an e-mail address and a password.")
            .answers(&[(200, "`redirect`, `token`, `url` and `user`")])
            .errors(crate::password::sign_in::CODES)
            .rate(PASSWORD_RATE),
        Route::post("/change-password", Session::STORED, change_password::change_password)
            .summary("Changes the password of the caller, who types the current one.")
            .answers(&[(200, "`token` of the new session, or null, and `user`")])
            .errors(crate::password::change_password::CODES)
            .rate(PASSWORD_RATE),
    ]
}
