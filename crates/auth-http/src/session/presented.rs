//! The credential and the session cookies of a request: parsed once, each signature checked once.

use actix_web::http::header::AUTHORIZATION;
use auth_core::{BearerCookie, RequestCookies, SessionTokenCookie};

use super::Sessions;
use super::credential::Credential;
use super::site::Site;
use crate::web::context::RequestContext;

/// The cookies of a request. If the `bearer` plugin is on, they are as the plugin changes them.
#[derive(Debug)]
pub(crate) struct Presented {
    /// The cookies as the plugin rewrites them, next to the one that it sets; `None`: they are unchanged.
    rewritten: Option<RequestCookies>,
    /// The credential of the session cookie, or of the bearer token that replaces it.
    pub(crate) credential: Credential,
    /// Whether the request has a `dont_remember` cookie with a valid signature.
    pub(crate) dont_remember: bool,
    /// The value of the cookie cache, unverified; `None` if the request or the server has none.
    pub(crate) cached: Option<String>,
}

impl Presented {
    pub(super) fn read(sessions: &Sessions, site: &Site, request: &RequestContext) -> Self {
        let Sessions { secret, bearer, .. } = sessions;
        let names = &site.cookies;
        let authorization = request.headers().get(AUTHORIZATION);
        let stand_in =
            bearer.zip(authorization).and_then(|(plugin, line)| plugin.read(line.as_bytes(), secret));
        let rewritten = stand_in.is_some().then(|| request.cookies().rewritten());
        let cookies = rewritten.as_ref().unwrap_or_else(|| request.cookies());
        let credential = match stand_in {
            Some(BearerCookie::Token(token)) => Credential::Cookie(token),
            Some(BearerCookie::UnusableToken) => Credential::UnusableToken,
            Some(BearerCookie::Unreadable) => Credential::InvalidCookie,
            None => match names.read_session_cookie(cookies, secret) {
                SessionTokenCookie::Token(token) => Credential::Cookie(token),
                SessionTokenCookie::Invalid => Credential::InvalidCookie,
                SessionTokenCookie::Absent => Credential::None,
            },
        };
        Self {
            credential,
            dont_remember: names.read_dont_remember(cookies, secret),
            cached: site.cookie_cache.as_ref().and_then(|_| names.read_session_data(cookies)),
            rewritten,
        }
    }

    /// Returns every cookie.
    pub(super) fn cookies<'c>(&'c self, request: &'c RequestContext) -> &'c RequestCookies {
        self.rewritten.as_ref().unwrap_or_else(|| request.cookies())
    }
}
