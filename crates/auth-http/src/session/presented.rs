//! What the cookies of a request show: parsed once, each signature checked once.

use actix_web::http::header::AUTHORIZATION;
use auth_core::{BearerCookie, RequestCookies, SessionTokenCookie};

use super::Sessions;
use super::credential::Credential;
use super::site::Site;
use crate::web::context::RequestContext;

/// The cookies of a request; as the `bearer` plugin leaves them, where it is on.
#[derive(Debug)]
pub(crate) struct Presented {
    /// The cookies that the plugin writes anew beside the one that it sets; `None`: they are as they came.
    rewritten: Option<RequestCookies>,
    /// What the session cookie, or what stands for it, shows.
    pub(crate) credential: Credential,
    /// Whether a rightly signed `dont_remember` came.
    pub(crate) dont_remember: bool,
    /// The value of the cookie cache, unverified, where there is to be one.
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

    /// Every cookie.
    pub(super) fn cookies<'c>(&'c self, request: &'c RequestContext) -> &'c RequestCookies {
        self.rewritten.as_ref().unwrap_or_else(|| request.cookies())
    }
}
