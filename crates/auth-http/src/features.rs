//! Capabilities. Each is one folder with its routes, settings, errors and hooks; [`app`](crate::app) lists them. A feature
//! never uses another one: what two of them need is a room of its own below them.

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

/// What features work with; one for each worker.
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
    /// What users and sessions hold beyond Better Auth's own.
    pub(crate) fields: Arc<DeclaredFields>,
}

type Load = fn(&Loader) -> Result<Option<Arc<dyn Feature>>, SettingsError>;

/// A feature with a section of the settings that nothing else reads, before it is known whether it is on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plugin {
    /// The columns that it declares as fields. They can be called otherwise whether or not it is on.
    pub(crate) fields: Option<&'static Part>,
    /// Reads the section; `None` where it turns the feature off.
    pub(crate) load: Load,
}

/// A capability that is on.
pub(crate) trait Feature: fmt::Debug + Send + Sync {
    /// Better Auth's id of the plugin, or the name of the group.
    fn id(&self) -> &'static str;

    /// What is known of its routes.
    fn facts(&self) -> Vec<RouteFacts>;

    /// Gives its routes a worker's services.
    fn mount(&self, services: &Services) -> Vec<MountedRoute>;

    /// The codes that it answers with, besides those of what lies below it.
    fn errors(&self) -> &'static [ErrorCode] {
        &[]
    }

    /// The fields that it adds to users.
    fn user_fields(&self) -> Vec<FieldDeclaration> {
        Vec::new()
    }

    /// Adds what it does around sessions.
    fn hook_sessions(&self, _hooks: &mut SessionHooks, _store: &Store) {}

    /// Adds what it does around new users.
    fn hook_users(&self, _hooks: &mut UserHooks, _store: &Store) {}

    /// What it does to every answer whose cookies are known.
    fn answer_hook(&self, _services: &Services) -> Option<AnswerHook> {
        None
    }

    /// Paths of its routes that a server of its own offers at its root too.
    fn root_paths(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Gives what is known of routes.
fn facts<S: 'static>(routes: &[Route<S>]) -> Vec<RouteFacts> {
    routes.iter().map(|route| route.facts().clone()).collect()
}

/// Gives routes their service.
fn mount<S: 'static>(routes: Vec<Route<S>>, service: S) -> Vec<MountedRoute> {
    let service = Rc::new(service);
    routes.into_iter().map(|route| route.mount(&service)).collect()
}
