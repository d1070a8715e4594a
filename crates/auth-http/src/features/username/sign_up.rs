//! Handles `username` and `displayUsername` at sign-up.

use actix_web::http::StatusCode;
use auth_core::wire::is_truthy;
use auth_store::Store;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use super::USERNAME_IS_ALREADY_TAKEN;
use super::settings::UsernameSettings;
use crate::password::hooks::BeforeUserCreate;
use crate::password::sign_up::FAILED_TO_CREATE_USER;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;

/// Body member of the username.
const USERNAME: &str = "username";
/// Body member of the username as it is shown.
const DISPLAY_USERNAME: &str = "displayUsername";

/// Checks and normalizes the username of a new user.
#[derive(Debug)]
pub(super) struct UsernameAtSignUp {
    pub(super) settings: UsernameSettings,
    pub(super) store: Store,
}

impl BeforeUserCreate for UsernameAtSignUp {
    fn before_user_create<'a>(
        &'a self,
        others: &'a mut Map<String, Value>,
    ) -> LocalBoxFuture<'a, Result<(), ApiError>> {
        self.check(others).boxed_local()
    }
}

impl UsernameAtSignUp {
    /// Does the work of the plugin's three `hooks.before` and of its database hook.
    async fn check(&self, others: &mut Map<String, Value>) -> Result<(), ApiError> {
        // Without a username, a display name that is a valid username is used as one.
        if !others.contains_key(USERNAME)
            && let Some(Value::String(shown)) = others.get(DISPLAY_USERNAME)
            && self.settings.normalized(shown).is_ok()
        {
            others.insert(USERNAME.to_owned(), Value::String(shown.clone()));
        }
        let typed = match others.get(USERNAME) {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::String(typed)) => typed.clone(),
            // The reference stores `false` and 0 as text, and fails to normalize the other values when it
            // stores the user.
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(ApiError::Coded(FAILED_TO_CREATE_USER));
            }
        };
        let username = self.settings.normalized(&typed).map_err(|code| ApiError::Coded(at_sign_up(code)))?;
        if self.store.users().has_username(&username).await? {
            return Err(ApiError::Coded(USERNAME_IS_ALREADY_TAKEN));
        }
        if self.settings.display_username && !others.get(DISPLAY_USERNAME).is_some_and(is_truthy) {
            others.insert(DISPLAY_USERNAME.to_owned(), Value::String(typed));
        }
        others.insert(USERNAME.to_owned(), Value::String(username));
        Ok(())
    }
}

/// For the same error, sign-up answers 400 and sign-in answers 422.
fn at_sign_up(code: ErrorCode) -> ErrorCode {
    ErrorCode::new(StatusCode::BAD_REQUEST, code.code(), code.message())
}
