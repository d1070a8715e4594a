//! Routes that show, change and end sessions.

mod get_session;
mod list_and_revoke;
mod sign_out;
mod update_session;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use auth_core::DeclaredFields;

use super::{Feature, Services, facts, mount};
use crate::session::guard::{Optional, Session};
use crate::session::settings::{AnonymousGetSession, SessionSettings};
use crate::session::{FAILED_TO_GET_SESSION, Sessions};
use crate::web::error_code::ErrorCode;
use crate::web::fields::{FIELD_NOT_ALLOWED, MISSING_FIELD};
use crate::web::guard::Anyone;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::{CachePolicy, RouteFacts};

/// `POST /get-session` was called without deferred refresh.
const METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED: ErrorCode = ErrorCode::new(
    StatusCode::METHOD_NOT_ALLOWED,
    "METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED",
    "POST method requires deferSessionRefresh to be enabled in session config",
);

/// The routes for a caller's sessions.
#[derive(Debug)]
pub(crate) struct SessionRoutes {
    anonymous: AnonymousGetSession,
    list_limit: u32,
}

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    sessions: Rc<Sessions>,
    fields: Arc<DeclaredFields>,
    /// The answer of `/get-session` to a caller without credentials.
    anonymous: AnonymousGetSession,
    /// Maximum number of sessions that are listed.
    list_limit: u32,
}

impl SessionRoutes {
    /// Makes the feature from its settings.
    pub(crate) fn new(settings: &SessionSettings) -> Self {
        Self { anonymous: settings.anonymous_get_session, list_limit: settings.list_limit }
    }
}

impl AsRef<Sessions> for Service {
    fn as_ref(&self) -> &Sessions {
        &self.sessions
    }
}

impl Feature for SessionRoutes {
    fn id(&self) -> &'static str {
        "sessions"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&routes())
    }

    fn mount(&self, services: &Services) -> Vec<MountedRoute> {
        let Services { sessions, fields, .. } = services.clone();
        let Self { anonymous, list_limit } = *self;
        mount(routes(), Service { sessions, fields, anonymous, list_limit })
    }

    fn errors(&self) -> &'static [ErrorCode] {
        &[METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED]
    }
}

fn routes() -> Vec<Route<Service>> {
    vec![
        Route::get("/get-session", Optional, get_session::get_session)
            .summary("Shows the caller's session and user, and extends the session when its time has come.")
            .answers(&[(200, "`session` and `user`, or null")])
            .errors(&[FAILED_TO_GET_SESSION])
            .cache(CachePolicy::NoStorePragma),
        Route::post("/get-session", Anyone, get_session::post_session)
            .summary("As GET, and extends the session where `session.defer_refresh` leaves that to it.")
            .answers(&[(200, "`session` and `user`, or null")])
            .errors(&[METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED, FAILED_TO_GET_SESSION])
            .cache(CachePolicy::NoStorePragma),
        Route::post("/sign-out", Optional, sign_out::sign_out)
            .summary("Ends the caller's session, if there is one.")
            .answers(&[(200, "`success`")]),
        Route::get("/list-sessions", Session::FRESH, list_and_revoke::list_sessions)
            .summary("Lists the caller's living sessions.")
            .answers(&[(200, "a list of sessions")]),
        Route::post("/revoke-session", Session::STORED, list_and_revoke::revoke_session)
            .summary("Ends one session of the caller.")
            .answers(&[(200, "`status`")]),
        Route::post("/revoke-sessions", Session::STORED, list_and_revoke::revoke_sessions)
            .summary("Ends every session of the caller.")
            .answers(&[(200, "`status`")]),
        Route::post("/revoke-other-sessions", Session::STORED, list_and_revoke::revoke_other_sessions)
            .summary("Ends every session of the caller but this one.")
            .answers(&[(200, "`status`")]),
        Route::post("/update-session", Session::CONFIRMED, update_session::update_session)
            .summary("Updates the additional fields of the caller's session.")
            .answers(&[(200, "`session`")])
            .errors(&[FIELD_NOT_ALLOWED, MISSING_FIELD, FAILED_TO_GET_SESSION]),
    ]
}
