//! The single table of routes.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::middleware::{Condition, DefaultHeaders, from_fn};
use actix_web::{HttpResponse, Route, Scope, guard, web};

use crate::config::route_path::RoutePath;
use crate::features::email_password::{change_password, sign_in, sign_up};
use crate::features::jwt::routes as token;
use crate::features::sessions::{
    get_session as session, list_and_revoke as sessions, sign_out, update_session,
};
use crate::features::system::{error_page, ok};
use crate::features::token_api::user;
use crate::session::auth_token;
use crate::session::hosts::hosts;
use crate::web::panics::panics;
use crate::web::paths::paths;
use crate::web::rate_limit_middleware::rate_limit;
use crate::web::response_cookies;

/// One row: what is asked, and who may ask it.
#[derive(Debug)]
pub struct Entry {
    /// Method.
    pub method: Method,
    /// Path below the base path.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    route: fn() -> Route,
}

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Anyone,
    /// Nothing either, but the answer depends on who calls.
    Optional,
    /// Credentials; 401 without them.
    Required,
}

/// Every route below the base path. The first seven are the token API and what it shares with Better Auth.
pub const ROUTES: &[Entry] = &[
    Entry {
        method: Method::POST,
        path: "/register",
        access: Access::Anyone,
        route: || web::post().to(sign_up::register),
    },
    Entry {
        method: Method::POST,
        path: "/login",
        access: Access::Anyone,
        route: || web::post().to(sign_in::login),
    },
    Entry {
        method: Method::POST,
        path: "/logout",
        access: Access::Required,
        route: || web::post().to(sign_out::logout),
    },
    Entry {
        method: Method::GET,
        path: "/user",
        access: Access::Required,
        route: || web::get().to(user::user),
    },
    Entry {
        method: Method::GET,
        path: SESSION_PATH,
        access: Access::Optional,
        route: || web::get().to(session::get_session),
    },
    Entry {
        method: Method::POST,
        path: SESSION_PATH,
        access: Access::Anyone,
        route: || web::post().to(session::post_session),
    },
    Entry {
        method: Method::POST,
        path: "/sign-up/email",
        access: Access::Anyone,
        route: || web::post().to(sign_up::sign_up_email),
    },
    Entry {
        method: Method::POST,
        path: "/sign-in/email",
        access: Access::Anyone,
        route: || web::post().to(sign_in::sign_in_email),
    },
    Entry {
        method: Method::POST,
        path: "/sign-out",
        access: Access::Optional,
        route: || web::post().to(sign_out::sign_out),
    },
    Entry { method: Method::GET, path: "/ok", access: Access::Anyone, route: || web::get().to(ok::ok) },
    Entry {
        method: Method::GET,
        path: "/error",
        access: Access::Anyone,
        route: || web::get().to(error_page::error_page),
    },
    Entry {
        method: Method::POST,
        path: "/change-password",
        access: Access::Required,
        route: || web::post().to(change_password::change_password),
    },
    Entry {
        method: Method::GET,
        path: "/list-sessions",
        access: Access::Required,
        route: || web::get().to(sessions::list_sessions),
    },
    Entry {
        method: Method::POST,
        path: "/revoke-session",
        access: Access::Required,
        route: || web::post().to(sessions::revoke_session),
    },
    Entry {
        method: Method::POST,
        path: "/revoke-sessions",
        access: Access::Required,
        route: || web::post().to(sessions::revoke_sessions),
    },
    Entry {
        method: Method::POST,
        path: "/revoke-other-sessions",
        access: Access::Required,
        route: || web::post().to(sessions::revoke_other_sessions),
    },
    Entry {
        method: Method::POST,
        path: "/update-session",
        access: Access::Required,
        route: || web::post().to(update_session::update_session),
    },
];

/// Routes that are there with `jwt.enabled`; the first two are those of Better Auth's plugin. The path of the second is a
/// setting, and the third is where other software looks for the same.
pub const JWT_ROUTES: &[Entry] = &[
    Entry {
        method: Method::GET,
        path: "/token",
        access: Access::Required,
        route: || web::get().to(token::token),
    },
    Entry {
        method: Method::GET,
        path: JWKS_PATH,
        access: Access::Anyone,
        route: || web::get().to(token::jwks),
    },
    Entry {
        method: Method::GET,
        path: WELL_KNOWN_JWKS,
        access: Access::Anyone,
        route: || web::get().to(token::jwks),
    },
];

/// Routes of the token API that do what a route of Better Auth does. What turns one of the two off turns off both, so
/// that a second spelling opens nothing; they share a count, so that it buys no second try at a password, and
/// the row in the database that Node counts in. The public keys have a second path as well, beside one that the settings
/// choose: [`RouteNames`](crate::route_names::RouteNames) knows them all.
pub(crate) const SAME_AS: [(&str, &str); 3] =
    [("/login", "/sign-in/email"), ("/register", "/sign-up/email"), ("/logout", "/sign-out")];

/// Gives the routes of the `jwt` plugin with their paths, where the settings put the public keys.
pub(crate) fn jwt_routes(jwks_path: &RoutePath) -> impl Iterator<Item = (&str, &'static Entry)> {
    JWT_ROUTES.iter().map(|entry| match entry.path {
        JWKS_PATH => (jwks_path.as_str(), entry),
        path => (path, entry),
    })
}

/// Tells whether a path below the base path is in the table, whatever the settings make of its routes.
pub(crate) fn is_in_table(path: &str) -> bool {
    ROUTES.iter().chain(JWT_ROUTES).any(|route| route.path == path)
}

/// Tells whether a path is one that the table has for public keys.
pub(crate) fn is_for_keys(path: &str) -> bool {
    path == JWKS_PATH || path == WELL_KNOWN_JWKS
}

const SESSION_PATH: &str = "/get-session";
const JWKS_PATH: &str = "/jwks";
/// Also a path of the server itself, outside the base path.
pub(crate) const WELL_KNOWN_JWKS: &str = "/.well-known/jwks.json";

/// Routes whose answers say nothing of anybody. Those of all others, refusals too, are not to be stored: they
/// hold sessions and tokens, or set cookies. The reference says so of `/get-session` alone.
const STORABLE: [&str; 3] = ["/ok", JWKS_PATH, WELL_KNOWN_JWKS];

/// Builds the scope of all routes below `base_path`; those of the `jwt` plugin where its keys have a path.
pub(crate) fn scope(base_path: &str, jwks_path: Option<&RoutePath>) -> impl HttpServiceFactory + use<> {
    let mut routes: Vec<(&str, &Entry)> = ROUTES.iter().map(|entry| (entry.path, entry)).collect();
    if let Some(jwks_path) = jwks_path {
        routes.extend(jwt_routes(jwks_path));
    }
    scope_of(base_path, &routes)
        .wrap(from_fn(response_cookies::release))
        // Where every cookie of the answer is there.
        .wrap(from_fn(auth_token::announce))
        // Before any route is looked up, so that unknown paths count too (core §3).
        .wrap(from_fn(rate_limit))
        .wrap(from_fn(paths))
        .wrap(from_fn(hosts))
}

/// The public keys at the root of the server, where other software looks for them by the host's name alone. Counted and
/// turned off like the route that it is another spelling of.
pub(crate) fn well_known_keys() -> impl HttpServiceFactory {
    web::resource(WELL_KNOWN_JWKS)
        .guard(guard::fn_guard(|context| context.head().uri.path() == WELL_KNOWN_JWKS))
        .route(web::get().to(token::jwks).wrap(from_fn(panics)))
        .default_service(web::to(not_found))
        .wrap(from_fn(rate_limit))
        .wrap(from_fn(paths))
        .wrap(from_fn(hosts))
}

fn scope_of(base_path: &str, routes: &[(&str, &Entry)]) -> Scope {
    let mut known: Vec<&str> = Vec::new();
    let mut scope = web::scope(base_path).default_service(web::to(not_found));
    for (path, _) in routes {
        if known.contains(path) {
            continue;
        }
        known.push(path);
        let mut resource = web::resource(*path)
            // The router matches the decoded path, the reference the raw one; no path here needs an escape.
            .guard(guard::fn_guard(|context| !context.head().uri.path().contains('%')))
            .default_service(web::to(not_found));
        for (_, entry) in routes.iter().filter(|(other, _)| other == path) {
            let mut never_stored = DefaultHeaders::new().add((CACHE_CONTROL, "no-store"));
            if entry.path == SESSION_PATH {
                never_stored = never_stored.add((PRAGMA, "no-cache"));
            }
            let never_stored = Condition::new(!STORABLE.contains(&entry.path), never_stored);
            resource = resource.route((entry.route)().wrap(from_fn(panics)).wrap(never_stored));
        }
        scope = scope.service(resource);
    }
    scope
}

/// An unknown path or method: 404 without body or content type, as the reference answers (core §2.2).
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

    use actix_web::App;
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::web::Data;

    use super::*;
    use crate::logging::tests::Lines;
    use crate::server::request_log;
    use crate::settings::LogFormat;
    use crate::web::panics::PanicCount;

    #[actix_web::test]
    async fn r_101_a_panicking_handler_is_answered_as_any_unexpected_failure() {
        async fn panicking(body: String) -> HttpResponse {
            panic!("{body}")
        }
        const CANARY: &str = "what-the-client-sent";
        let routes = [
            Entry {
                method: Method::POST,
                path: "/panic",
                access: Access::Anyone,
                route: || web::post().to(panicking),
            },
            Entry {
                method: Method::GET,
                path: "/ok",
                access: Access::Anyone,
                route: || web::get().to(ok::ok),
            },
        ];
        let count = PanicCount::default();
        let routes: Vec<_> = routes.iter().map(|entry| (entry.path, entry)).collect();
        let app = App::new().app_data(Data::new(count.clone())).service(scope_of("/auth", &routes));
        let app = init_service(app.wrap(from_fn(request_log))).await;
        let (lines, _collecting) = Lines::of_this_thread(LogFormat::Json);
        for number in 1..=3 {
            let request = TestRequest::post().uri(&format!("/auth/panic?{CANARY}"));
            let answer = call_service(&app, request.set_payload(CANARY).to_request()).await;
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(!answer.headers().contains_key("content-type"));
            let id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
            assert_eq!(read_body(answer).await, "");
            assert_eq!(count.number(), number);
            let text = lines.text();
            let line: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            let told =
                ["level", "message", "method", "route"].map(|key| line[key].as_str().unwrap_or_default());
            assert_eq!(told, ["ERROR", "request failed", "POST", "/auth/panic"], "{text}");
            assert_eq!(
                (line["status"].as_u64(), line["span"]["request_id"].as_str()),
                (Some(500), id.as_deref())
            );
            let error = line["error"].as_str().unwrap_or_default();
            assert!(error.contains(&format!("panicked, number {number} since the start")), "{text}");
            assert!(!text.contains(CANARY), "{text}");
            let well = call_service(&app, TestRequest::get().uri("/auth/ok").to_request()).await;
            assert_eq!(well.status(), StatusCode::OK);
        }
    }
}
