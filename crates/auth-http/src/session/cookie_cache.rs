//! The cookie cache: session and user in a cookie of their own, and what it is signed with.

use auth_core::{CachedValue, CookieCache, KeyedCookieCache, Remember, SessionToken, UserSession};
use auth_store::Store;
use time::OffsetDateTime;

use crate::signing_keys::SigningKeys;

/// How the cookie cache is written and read.
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
    /// How.
    pub(crate) form: CookieCacheForm,
    /// Where the keys are that this process does not know.
    pub(crate) store: Store,
}

impl SessionCookieCache {
    /// Writes session and user; `None` where that cannot be done. Without a cookie cache a request only takes longer, so
    /// no sign-in fails for it.
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
                keys.sign_copy(&self.store, cache, principal, remember, now).await
            }
        }
    }

    /// Gives what a cookie cache says about the session of `token`; `None` where it is not good or cannot be checked.
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
