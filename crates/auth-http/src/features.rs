//! Features. Each is one folder with its routes, settings, errors and hooks; [`app`](crate::app) lists them.
//! A feature never uses another feature. Code that two features share is in a layer below them.

pub(crate) mod bearer;
pub(crate) mod email_password;
pub(crate) mod jwt;
pub(crate) mod sessions;
pub(crate) mod system;
pub(crate) mod token_api;
pub(crate) mod username;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use auth_core::{DeclaredFields, FieldDeclaration};
use auth_store::Store;
use auth_store::tables::Part;

use crate::config::{Loader, SettingsError};
use crate::password::change_password::ChangePassword;
use crate::password::hooks::UserHooks;
use crate::password::sign_in::SignIn;
use crate::password::sign_up::SignUp;
use crate::session::Sessions;
use crate::session::hooks::SessionHooks;
use crate::web::error_code::ErrorCode;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::RouteFacts;
use crate::web::router::AnswerHook;

/// The services that features use; one set for each worker.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    /// The database.
    pub(crate) store: Store,
    /// Sessions.
    pub(crate) sessions: Rc<Sessions>,
    /// Signs in with a password.
    pub(crate) sign_in: SignIn,
    /// Signs up with a password.
    pub(crate) sign_up: SignUp,
    /// Changes passwords.
    pub(crate) change_password: ChangePassword,
    /// The additional fields of users and sessions.
    pub(crate) fields: Arc<DeclaredFields>,
}

type Load = fn(&Loader) -> Result<Option<Arc<dyn Feature>>, SettingsError>;

/// A feature with its own section of the settings, which no other code reads. The section decides whether it
/// is on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plugin {
    /// The columns that it declares as fields. `[database.names]` can rename them whether or not the feature
    /// is on.
    pub(crate) fields: Option<&'static Part>,
    /// Reads the section; `None` if it turns the feature off.
    pub(crate) load: Load,
}

/// A feature that is on.
pub(crate) trait Feature: fmt::Debug + Send + Sync {
    /// Better Auth's id of the plugin, or the name of a group of routes.
    fn id(&self) -> &'static str;

    /// Lists the facts of its routes.
    fn facts(&self) -> Vec<RouteFacts>;

    /// Binds its routes to the services of a worker.
    fn mount(&self, services: &Services) -> Vec<MountedRoute>;

    /// The error codes that it adds to those of the layers below.
    fn errors(&self) -> &'static [ErrorCode] {
        &[]
    }

    /// The fields that it adds to users.
    fn user_fields(&self) -> Vec<FieldDeclaration> {
        Vec::new()
    }

    /// Adds its hooks around sessions.
    fn hook_sessions(&self, _hooks: &mut SessionHooks, _store: &Store) {}

    /// Adds its hooks for new users.
    fn hook_users(&self, _hooks: &mut UserHooks, _store: &Store) {}

    /// A hook that adds headers to every answer whose cookies are known; `None`: no hook.
    fn answer_hook(&self, _services: &Services) -> Option<AnswerHook> {
        None
    }

    /// Paths of its routes that the standalone server also serves at its root.
    fn root_paths(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Lists the facts of routes.
fn facts<S: 'static>(routes: &[Route<S>]) -> Vec<RouteFacts> {
    routes.iter().map(|route| route.facts().clone()).collect()
}

/// Binds routes to their service.
fn mount<S: 'static>(routes: Vec<Route<S>>, service: S) -> Vec<MountedRoute> {
    let service = Rc::new(service);
    routes.into_iter().map(|route| route.mount(&service)).collect()
}
