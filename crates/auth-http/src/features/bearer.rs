//! Better Auth's `bearer` plugin. An answer that sets the session cookie also returns the cookie's value as
//! `set-auth-token`, for clients that keep it as a token. [`session`](crate::session) reads such tokens in
//! its order of credentials.

pub(crate) mod settings;

use std::rc::Rc;

use actix_web::http::header::{HeaderName, HeaderValue};

use super::{Feature, Services};
use crate::features::bearer::settings::BearerSettings;
use crate::web::expose::expose;
use crate::web::route::MountedRoute;
use crate::web::route_facts::RouteFacts;
use crate::web::router::AnswerHook;

const SET_AUTH_TOKEN: &str = "set-auth-token";

/// The plugin.
#[derive(Debug)]
pub(crate) struct BearerTokens;

impl BearerTokens {
    /// Returns the plugin if it is on.
    pub(crate) fn new(settings: BearerSettings) -> Option<Self> {
        settings.enabled.then_some(Self)
    }
}

impl Feature for BearerTokens {
    fn id(&self) -> &'static str {
        "bearer"
    }

    fn facts(&self) -> Vec<RouteFacts> {
        Vec::new()
    }

    fn mount(&self, _: &Services) -> Vec<MountedRoute> {
        Vec::new()
    }

    fn answer_hook(&self, services: &Services) -> Option<AnswerHook> {
        let sessions = Rc::clone(&services.sessions);
        Some(Rc::new(move |request, headers| {
            let Ok(site) = sessions.site(request) else { return };
            let name = site.cookies.session_token_name();
            let token = request.with_answer_cookies(|cookies| {
                let set = cookies.iter().find(|cookie| cookie.name() == name);
                set.and_then(|cookie| cookie.value()).and_then(|value| HeaderValue::from_str(value).ok())
            });
            if let Some(token) = token {
                headers.insert(HeaderName::from_static(SET_AUTH_TOKEN), token);
                expose(headers, SET_AUTH_TOKEN);
            }
        }))
    }
}
