//! Better Auth's `username` plugin: users have a username beside the e-mail address, and can sign in with it.

mod available;
mod rules;
pub(crate) mod settings;
mod sign_in;
mod sign_up;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use auth_core::{FieldDeclaration, Visibility};
use auth_store::Store;
use auth_store::tables::Column;
use auth_store::username::USERNAME;

use super::{Feature, Plugin, Services, facts, mount};
use crate::config::{Loader, SettingsError};
use crate::features::username::settings::UsernameSettings;
use crate::features::username::sign_up::UsernameAtSignUp;
use crate::password::hooks::UserHooks;
use crate::password::sign_in::SignIn;
use crate::web::error_code::ErrorCode;
use crate::web::guard::Anyone;
use crate::web::rate_limit::PASSWORD_RATE;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::RouteFacts;

/// The username is unknown, the user has no password, the password is wrong, or one of the two texts is
/// empty.
const INVALID_USERNAME_OR_PASSWORD: ErrorCode =
    ErrorCode::new(StatusCode::UNAUTHORIZED, "INVALID_USERNAME_OR_PASSWORD", "Invalid username or password");
/// Another user has the username.
const USERNAME_IS_ALREADY_TAKEN: ErrorCode = ErrorCode::new(
    StatusCode::BAD_REQUEST,
    "USERNAME_IS_ALREADY_TAKEN",
    "Username is already taken. Please try another.",
);
/// The username is shorter than the minimum.
const USERNAME_TOO_SHORT: ErrorCode =
    ErrorCode::new(StatusCode::UNPROCESSABLE_ENTITY, "USERNAME_TOO_SHORT", "Username is too short");
/// The username is longer than the maximum.
const USERNAME_TOO_LONG: ErrorCode =
    ErrorCode::new(StatusCode::UNPROCESSABLE_ENTITY, "USERNAME_TOO_LONG", "Username is too long");
/// The username contains a character that is not allowed.
const INVALID_USERNAME: ErrorCode =
    ErrorCode::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_USERNAME", "Username is invalid");

/// The plugin.
#[derive(Debug)]
pub(crate) struct Username {
    settings: UsernameSettings,
}

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    settings: UsernameSettings,
    store: Store,
    sign_in: SignIn,
}

/// The plugin's entry in the list of plugins.
pub(crate) const PLUGIN: Plugin = Plugin { fields: Some(&USERNAME), load };

fn load(loader: &Loader) -> Result<Option<Arc<dyn Feature>>, SettingsError> {
    let settings: UsernameSettings = loader.section()?;
    Ok(settings.enabled.then(|| Arc::new(Username { settings }) as Arc<dyn Feature>))
}

impl Feature for Username {
    fn id(&self) -> &'static str {
        "username"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&routes())
    }

    fn mount(&self, services: &Services) -> Vec<MountedRoute> {
        let Services { store, sign_in, .. } = services.clone();
        mount(routes(), Service { settings: self.settings, store, sign_in })
    }

    fn errors(&self) -> &'static [ErrorCode] {
        &[
            INVALID_USERNAME_OR_PASSWORD,
            USERNAME_IS_ALREADY_TAKEN,
            USERNAME_TOO_SHORT,
            USERNAME_TOO_LONG,
            INVALID_USERNAME,
        ]
    }

    fn user_fields(&self) -> Vec<FieldDeclaration> {
        let is_used = |column: &&Column| column.name != "displayUsername" || self.settings.display_username;
        let used = USERNAME.columns("user").filter(is_used);
        used.filter_map(|column| column.as_field(true, Visibility::Returned)).collect()
    }

    fn hook_users(&self, hooks: &mut UserHooks, store: &Store) {
        let hook = UsernameAtSignUp { settings: self.settings, store: store.clone() };
        hooks.before_create.push(Rc::new(hook));
    }
}

fn routes() -> Vec<Route<Service>> {
    vec![
        Route::post("/sign-in/username", Anyone, sign_in::sign_in_username)
            .summary("Signs in with a username and a password.")
            .answers(&[(200, "`redirect`, `token`, `url` and `user`")])
            .errors(sign_in::CODES)
            .rate(PASSWORD_RATE),
        Route::post("/is-username-available", Anyone, available::is_username_available)
            .summary("Tells whether a username is free.")
            .answers(&[(200, "`available`")])
            .errors(available::CODES),
    ]
}
