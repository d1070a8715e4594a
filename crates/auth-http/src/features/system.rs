//! Routes of the server itself: `/ok` and `/error`.

mod error_page;
pub(crate) mod settings;

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;

use super::{Feature, Services, facts, mount};
use crate::features::system::settings::ErrorUrl;
use crate::web::answer::json;
use crate::web::context::Context;
use crate::web::error::ApiError;
use crate::web::guard::Anyone;
use crate::web::input::NoBody;
use crate::web::route::{MountedRoute, Route};
use crate::web::route_facts::{CachePolicy, RouteFacts};

/// `/ok` and `/error`.
#[derive(Debug)]
pub(crate) struct System {
    error_url: Option<ErrorUrl>,
}

/// The state that its routes share.
#[derive(Debug)]
struct Service {
    /// Where `GET /error` redirects browsers (`server.error_url`); `None`: it shows a page.
    error_url: Option<ErrorUrl>,
}

impl System {
    /// Makes the feature from its setting.
    pub(crate) fn new(error_url: Option<ErrorUrl>) -> Self {
        Self { error_url }
    }
}

impl Feature for System {
    fn id(&self) -> &'static str {
        "system"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        facts(&routes())
    }

    fn mount(&self, _: &Services) -> Vec<MountedRoute> {
        mount(routes(), Service { error_url: self.error_url.clone() })
    }
}

fn routes() -> Vec<Route<Service>> {
    vec![
        Route::get("/ok", Anyone, ok)
            .summary("Says that the routes are there, whatever the state of the database.")
            .answers(&[(200, "`ok`")])
            .cache(CachePolicy::Storable),
        Route::get("/error", Anyone, error_page::error_page)
            .summary("Shows a browser why a sign-in that left the server failed.")
            .answers(&[(200, "a page"), (302, "the page of `server.error_url`")]),
    ]
}

/// The body of `/ok`.
#[derive(Debug, Serialize)]
struct Alive {
    ok: bool,
}

async fn ok(_: Context<()>, _: NoBody, _: Rc<Service>) -> Result<HttpResponse, ApiError> {
    Ok(json(StatusCode::OK, &Alive { ok: true }))
}
