//! Verification with public keys: tokens of the `jwt` plugin, and cookie caches under the same keys.

use time::OffsetDateTime;

use super::verdict::Verdict;
use crate::cookie::{RequestCookies, SessionCookies};
use crate::cookie_cache::KeyedCookieCache;
use crate::jwks::{JwkSet, Kid};
use crate::jwt::JwtVerifier;
use crate::key_source::{UnconfirmedCopy, UnconfirmedJwt};
use crate::refusal::{Refusal, ShownBy};

/// The state for verification with public keys.
#[derive(Clone, Debug)]
pub(super) struct Public {
    pub(super) verifier: JwtVerifier,
    pub(super) keys: JwkSet,
    /// Reads cookie caches under these keys; `None` if they are not accepted.
    pub(super) cache: Option<KeyedCookieCache>,
    /// Names of the cookies, for a verifier without a secret.
    pub(super) cookies: Option<SessionCookies>,
}

impl Public {
    /// Returns the reader of cookie caches and the known keys.
    pub(super) fn cache(&self) -> Option<(&KeyedCookieCache, &JwkSet)> {
        self.cache.as_ref().map(|cache| (cache, &self.keys))
    }

    /// Verifies a request by its cookie cache alone.
    pub(super) fn verify_cache(
        &self,
        cookies: &RequestCookies,
        now: OffsetDateTime,
    ) -> Result<Verdict, Refusal> {
        let (Some(names), Some((cache, keys))) = (&self.cookies, self.cache()) else {
            return Err(Refusal::NoCredentials);
        };
        let value = names.read_session_data(cookies).ok_or(Refusal::NoCredentials)?;
        let missed = || Refusal::Unconfirmed(ShownBy::Cookie);
        let kid = KeyedCookieCache::kid(&value).map_err(|_miss| missed())?;
        let unconfirmed = UnconfirmedCopy::new(kid, value, cache, None);
        match keys.find(unconfirmed.kid()) {
            Some(key) => unconfirmed.verify(Some(key), now).map(Verdict::Principal),
            None => Ok(Verdict::Copy(unconfirmed)),
        }
    }

    pub(super) fn verify(&self, kid: Kid, token: &str, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        let unconfirmed = UnconfirmedJwt::new(kid, token, &self.verifier);
        match self.keys.find(unconfirmed.kid()) {
            Some(key) => unconfirmed.verify(Some(key), now).map(Verdict::Principal),
            None => Ok(Verdict::Jwt(unconfirmed)),
        }
    }
}
