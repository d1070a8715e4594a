//! The single table of routes.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::middleware::{Condition, DefaultHeaders, from_fn};
use actix_web::{HttpResponse, Route, guard, web};

use crate::handlers::{
    change_password, error_page, ok, session, sessions, sign_in, sign_out, sign_up, update_session, user,
};
use crate::middleware::rate_limit::rate_limit;
use crate::reply::cookies;

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

const SESSION_PATH: &str = "/get-session";

/// Builds the scope of all routes below `base_path`.
pub(crate) fn scope(base_path: &str) -> impl HttpServiceFactory + use<> {
    let mut paths: Vec<&'static str> = Vec::new();
    let mut scope = web::scope(base_path).default_service(web::to(not_found));
    for Entry { path, .. } in ROUTES {
        if paths.contains(path) {
            continue;
        }
        paths.push(path);
        let mut resource = web::resource(*path)
            // The router matches the decoded path, the reference the raw one; no path here needs an escape.
            .guard(guard::fn_guard(|context| !context.head().uri.path().contains('%')))
            .default_service(web::to(not_found));
        for entry in ROUTES.iter().filter(|entry| entry.path == *path) {
            let never_stored =
                DefaultHeaders::new().add((CACHE_CONTROL, "no-store")).add((PRAGMA, "no-cache"));
            let never_stored = Condition::new(*path == SESSION_PATH, never_stored);
            resource = resource.route((entry.route)().wrap(never_stored));
        }
        scope = scope.service(resource);
    }
    // Before any route is looked up, so that unknown paths count too (core §3).
    scope.wrap(from_fn(cookies::release)).wrap(from_fn(rate_limit))
}

/// An unknown path or method: 404 without body or content type, as the reference answers (core §2.2).
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().finish()
}
