//! The session's cookies in answers.

use auth_core::{MaxAge, Remember, SetCookie, UserSession};

use super::Sessions;
use super::presented::Presented;
use super::reader::CookieUpdate;
use super::site::Site;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;

impl Sessions {
    /// Sets the cookies of a new or changed session.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if another server stored the token, and its alphabet must not be signed.
    pub(crate) async fn set_session_cookies(
        &self,
        request: &RequestContext,
        principal: &UserSession,
        remember: Remember,
    ) -> Result<(), ApiError> {
        request.set_cookies(self.session_cookies(request, principal, remember).await?);
        Ok(())
    }

    /// Removes every cookie of a session.
    ///
    /// # Errors
    ///
    /// As [`Sessions::site`].
    pub(crate) fn clear_session_cookies(&self, request: &RequestContext) -> Result<(), ApiError> {
        let presented = self.presented(request)?;
        request.set_cookies(self.site(request)?.cookies.clear_session(presented.cookies(request)));
        Ok(())
    }

    /// Builds the cookie changes that follow from a read of the session.
    ///
    /// # Errors
    ///
    /// As [`Sessions::set_session_cookies`].
    pub(crate) async fn updated_cookies(
        &self,
        request: &RequestContext,
        update: CookieUpdate,
        principal: &UserSession,
    ) -> Result<Vec<SetCookie>, ApiError> {
        match update {
            CookieUpdate::None => Ok(Vec::new()),
            CookieUpdate::CacheMissed => {
                let (site, presented) = (self.site(request)?, self.presented(request)?);
                Ok(site.cookies.clear_session_data(presented.cookies(request)))
            }
            CookieUpdate::Current => {
                let (site, presented) = (self.site(request)?, self.presented(request)?);
                Ok(cached(&site, &presented, request, principal, Remember::Persistent).await)
            }
            CookieUpdate::Extended => self.session_cookies(request, principal, Remember::Persistent).await,
        }
    }

    /// Removes a cookie cache that another server set, if this server has none. Otherwise the reader checks
    /// the cache.
    ///
    /// # Errors
    ///
    /// As [`Sessions::site`].
    pub(crate) fn stale_cache(&self, request: &RequestContext) -> Result<Vec<SetCookie>, ApiError> {
        let site = self.site(request)?;
        match site.cookie_cache {
            Some(_) => Ok(Vec::new()),
            None => Ok(site.cookies.clear_session_data(self.presented(request)?.cookies(request))),
        }
    }

    async fn session_cookies(
        &self,
        request: &RequestContext,
        principal: &UserSession,
        remember: Remember,
    ) -> Result<Vec<SetCookie>, ApiError> {
        let (site, presented) = (self.site(request)?, self.presented(request)?);
        let max_age = match remember {
            Remember::Persistent => MaxAge::new(self.policy.expires_in),
            Remember::UntilBrowserCloses => None,
        };
        let token = site.cookies.session_token(&principal.session.token, max_age, &self.secret);
        let mut cookies = vec![token.map_err(ApiError::internal)?];
        match remember {
            Remember::UntilBrowserCloses => cookies.push(site.cookies.dont_remember(&self.secret)),
            Remember::Persistent if presented.dont_remember => {
                cookies.push(site.cookies.clear_dont_remember());
            }
            Remember::Persistent => {}
        }
        cookies.extend(cached(&site, &presented, request, principal, remember).await);
        Ok(cookies)
    }
}

/// Writes the cookie cache if it is on. If that fails, the cookie cache of the request is removed, because it
/// is outdated.
async fn cached(
    site: &Site,
    presented: &Presented,
    request: &RequestContext,
    principal: &UserSession,
    remember: Remember,
) -> Vec<SetCookie> {
    let Some(cache) = &site.cookie_cache else { return Vec::new() };
    let sent = presented.cookies(request);
    match cache.write(principal, remember, request.now()).await {
        Some(value) => site.cookies.session_data(&value, sent),
        None => site.cookies.clear_session_data(sent),
    }
}
