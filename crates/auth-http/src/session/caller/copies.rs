//! Copies of sessions that clients keep in a cookie of their own, and what they are signed with (Better Auth core §9,
//! plugins §3.6).

use auth_core::{CachedValue, CookieCache, KeyedCookieCache, Remember, SessionToken, UserSession};
use auth_store::Store;
use time::OffsetDateTime;

use crate::signing_keys::SigningKeys;

/// How copies are written and read.
#[derive(Clone, Debug)]
pub(crate) enum CopyForm {
    /// Signed or encrypted with the secret.
    Secret(Box<CookieCache>),
    /// Signed with a key of the `jwks` table (`jwt.session_cookie_cache`).
    Keys(KeyedCookieCache, SigningKeys),
}

/// Writes and reads copies.
#[derive(Clone, Debug)]
pub(crate) struct SessionCopies {
    /// How.
    pub(crate) form: CopyForm,
    /// Where the keys are that this process does not know.
    pub(crate) store: Store,
}

impl SessionCopies {
    /// Writes session and user; `None` where that cannot be done. A copy that is not there costs time and nothing else,
    /// so nobody's sign-in fails for it.
    pub(crate) async fn write(
        &self,
        principal: &UserSession,
        remember: Remember,
        now: OffsetDateTime,
    ) -> Option<CachedValue> {
        match &self.form {
            CopyForm::Secret(cache) => match cache.write(principal, remember, now, &mut rand::rng()) {
                Ok(value) => Some(value),
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no cookie cache is written");
                    None
                }
            },
            CopyForm::Keys(cache, keys) => keys.sign_copy(&self.store, cache, principal, remember, now).await,
        }
    }

    /// Gives what a copy says about the session of `token`; `None` for everything that does not hold, or cannot be
    /// checked.
    pub(crate) async fn read(
        &self,
        value: &str,
        token: &SessionToken,
        now: OffsetDateTime,
    ) -> Option<UserSession> {
        match &self.form {
            CopyForm::Secret(cache) => cache.read(value, token, now),
            CopyForm::Keys(cache, keys) => {
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
