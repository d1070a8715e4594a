//! Verification with the secret: access tokens, session tokens, session cookies and their caches.

use time::OffsetDateTime;

use super::verdict::Verdict;
use crate::access_token::AccessTokenVerifier;
use crate::base_url::BaseUrl;
use crate::cookie::{
    CookieSettings, MaxAge, RequestCookies, SessionCookies, SessionTokenCookie, encode_uri_component,
};
#[cfg(feature = "josekit")]
use crate::cookie_cache::KeyedCookieCache;
use crate::cookie_cache::{CacheStrategy, CookieCache, CookieCachePolicy};
use crate::lookup::UnconfirmedSession;
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::session_token::SessionToken;
use crate::signed_value;
use crate::signing_secret::VersionedSecrets;
use crate::user_session::UserSession;

/// The state for verification with the secret.
#[derive(Clone, Debug)]
pub(super) struct BySecret {
    pub(super) access: AccessTokenVerifier,
    pub(super) base_url: BaseUrl,
    pub(super) cookies: SessionCookies,
    pub(super) caches: Vec<(CacheStrategy, CookieCache)>,
    /// Version of the cookie caches that are accepted; `None` if none are.
    #[cfg(feature = "josekit")]
    pub(super) cache_version: Option<String>,
    pub(super) secrets: VersionedSecrets,
}

impl BySecret {
    /// Returns the caller that a cookie cache proved, or else the session that must be looked up.
    pub(super) fn verdict(
        &self,
        cached: Option<UserSession>,
        token: SessionToken,
    ) -> Result<Verdict, Refusal> {
        match cached {
            Some(found) => Ok(Verdict::Principal(Principal::new(Proof::CookieCache(Box::new(found))))),
            None => self.unconfirmed(token, ShownBy::Cookie).map(Verdict::Session),
        }
    }

    pub(super) fn read_cookie(&self, cookies: &RequestCookies) -> Result<SessionToken, Refusal> {
        match self.cookies.read_session_cookie(cookies, self.secrets.current()) {
            SessionTokenCookie::Token(token) => Ok(token),
            SessionTokenCookie::Invalid => Err(Refusal::ForgedCookie),
            SessionTokenCookie::Absent => Err(Refusal::NoCredentials),
        }
    }

    /// Reads a cookie cache in any strategy. The number of dots tells the strategy; its own signature is then
    /// verified.
    pub(super) fn read_cache(
        &self,
        value: &str,
        token: &SessionToken,
        now: OffsetDateTime,
    ) -> Option<UserSession> {
        let written = match value.matches('.').count() {
            0 => CacheStrategy::Compact,
            2 => CacheStrategy::Jwt,
            #[cfg(feature = "josekit")]
            4 => CacheStrategy::Jwe,
            _ => return None,
        };
        let (_, cache) = self.caches.iter().find(|(strategy, _)| *strategy == written)?;
        cache.read(value, token, now)
    }

    /// Creates a reader of cookie caches under public keys; `None` if cookie caches are not accepted.
    #[cfg(feature = "josekit")]
    pub(super) fn keyed_cache(&self) -> Option<KeyedCookieCache> {
        self.cache_version.as_deref().map(|version| keyed_cache(&self.base_url, version))
    }

    pub(super) fn unconfirmed(
        &self,
        token: SessionToken,
        shown_by: ShownBy,
    ) -> Result<UnconfirmedSession, Refusal> {
        let signed = signed_value::sign_session_token(&token, self.secrets.current())
            .map_err(|_unsignable| Refusal::InvalidToken(None))?;
        let cookie = format!("{}={}", self.cookies.session_token_name(), encode_uri_component(&signed));
        Ok(UnconfirmedSession::of_token(token, cookie, shown_by))
    }
}

/// Creates the default cookie names of Better Auth.
pub(super) fn default_cookies(base_url: &BaseUrl) -> SessionCookies {
    let cookies = CookieSettings { secure: base_url.is_https(), ..CookieSettings::default() };
    #[expect(clippy::expect_used, reason = "the defaults are names that cookies can have")]
    SessionCookies::new(cookies).expect("default cookie settings hold")
}

/// `max_age` is not used, because this cache only reads.
#[cfg(feature = "josekit")]
pub(super) fn keyed_cache(base_url: &BaseUrl, version: &str) -> KeyedCookieCache {
    KeyedCookieCache::new(base_url.origin(), MaxAge::REMOVE, version).lenient()
}

pub(super) fn caches(version: &str, secrets: &VersionedSecrets) -> Vec<(CacheStrategy, CookieCache)> {
    let strategies = [
        CacheStrategy::Compact,
        CacheStrategy::Jwt,
        #[cfg(feature = "josekit")]
        CacheStrategy::Jwe,
    ];
    let cache = |strategy| {
        // `max_age` is not used, because these caches only read.
        let policy = CookieCachePolicy { strategy, max_age: MaxAge::REMOVE, version: version.to_owned() };
        (strategy, CookieCache::new(policy, secrets))
    };
    strategies.into_iter().map(cache).collect()
}
