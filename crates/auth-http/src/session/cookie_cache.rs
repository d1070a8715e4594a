//! The cookie cache: session and user in a cookie of their own, and the keys that protect it.

use auth_core::{CachedValue, CookieCache, KeyedCookieCache, Remember, SessionToken, UserSession};
use auth_store::Store;
use time::OffsetDateTime;

use crate::signing_keys::SigningKeys;

/// How the cookie cache is protected.
#[derive(Clone, Debug)]
pub(crate) enum CookieCacheForm {
    /// Signed or encrypted with the secret.
    Secret(Box<CookieCache>),
    /// Signed with a key of the `jwks` table (`jwt.session_cookie_cache`).
    Keys(KeyedCookieCache, SigningKeys),
}

/// Writes and reads the cookie cache.
#[derive(Clone, Debug)]
pub(crate) struct SessionCookieCache {
    /// How it is protected.
    pub(crate) form: CookieCacheForm,
    /// The store of the keys that this process has not read yet.
    pub(crate) store: Store,
}

impl SessionCookieCache {
    /// Writes session and user; `None` if that fails. Requests are only slower without a cookie cache, so a
    /// failure does not fail a sign-in.
    pub(crate) async fn write(
        &self,
        principal: &UserSession,
        remember: Remember,
        now: OffsetDateTime,
    ) -> Option<CachedValue> {
        match &self.form {
            CookieCacheForm::Secret(cache) => match cache.write(principal, remember, now, &mut rand::rng()) {
                Ok(value) => Some(value),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no cookie cache is written");
                    None
                }
            },
            CookieCacheForm::Keys(cache, keys) => {
                keys.sign_cookie_cache(&self.store, cache, principal, remember, now).await
            }
        }
    }

    /// Returns the session of `token` and its user from a cookie cache; `None` if the cache is invalid or
    /// cannot be checked.
    pub(crate) async fn read(
        &self,
        value: &str,
        token: &SessionToken,
        now: OffsetDateTime,
    ) -> Option<UserSession> {
        match &self.form {
            CookieCacheForm::Secret(cache) => cache.read(value, token, now),
            CookieCacheForm::Keys(cache, keys) => {
                let kid = KeyedCookieCache::kid(value).ok()?;
                let key = keys.find(&self.store, &kid, now).await?;
                match cache.read(value, token, &key, now) {
                    Ok(principal) => Some(principal),
                    Err(miss) => {
                        tracing::debug!(
                            miss = &miss as &dyn std::error::Error,
                            "a cookie cache is passed over"
                        );
                        None
                    }
                }
            }
        }
    }
}
