//! The token API: this project's own routes for clients without cookies, described in `docs/TOKEN-API.md`.

mod credentials;
mod user;

use std::rc::Rc;

use futures_util::FutureExt;

use super::{Feature, Services, facts, mount};
use crate::password::sign_in::{self, SignIn};
use crate::password::sign_up::{self, SignUp};
use crate::session::Sessions;
use crate::session::guard::Credentials;
use crate::web::guard::Anyone;
use crate::web::rate_limit::PASSWORD_RATE;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::RouteFacts;

/// The token API.
#[derive(Debug)]
pub(crate) struct TokenApi;

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    sign_in: SignIn,
    sign_up: SignUp,
    sessions: Rc<Sessions>,
}

impl AsRef<Sessions> for Service {
    fn as_ref(&self) -> &Sessions {
        &self.sessions
    }
}

impl Feature for TokenApi {
    fn id(&self) -> &'static str {
        "token-api"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&routes())
    }

    fn mount(&self, services: &Services) -> Vec<MountedRoute> {
        let Services { sign_in, sign_up, sessions, .. } = services.clone();
        mount(routes(), Service { sign_in, sign_up, sessions })
    }
}

fn routes() -> Vec<Route<Service>> {
    vec![
        Route::post("/register", Anyone, credentials::register)
            .before_fields(|service, body| service.sign_up.hooks.before_create(body).boxed_local())
            .summary("Creates a user with an e-mail address and a password, and signs in.")
            .answers(&[(201, "user, session and access token")])
            .errors(sign_up::CODES)
            .counts_as("/sign-up/email")
            .rate(PASSWORD_RATE),
        Route::post("/login", Anyone, credentials::login)
            .summary("Signs in with an e-mail address and a password.")
            .answers(&[(200, "user, session and access token")])
            .errors(sign_in::CODES)
            .counts_as("/sign-in/email")
            .rate(PASSWORD_RATE),
        Route::post("/logout", Credentials, credentials::logout)
            .summary("Ends the caller's session.")
            .answers(&[(200, "`success`")])
            .counts_as("/sign-out"),
        Route::get("/user", Credentials, user::user)
            .summary("Shows the caller's user.")
            .answers(&[(200, "the user")]),
    ]
}
