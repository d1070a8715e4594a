//! The cookie cache: a copy of a session and its user in a cookie of its own. Most reads of a session then
//! need no database query (Better Auth core §9).
//!
//! Better Auth and this crate read each other's values if both use the same strategy and version. A value is
//! a copy that may be some minutes old. It can show which user is signed in, but a change of password,
//! address or sessions must not rely on it.
//!
//! An unusable value is a cache miss: the caller queries the database and writes a new value. A value is
//! unusable if it is malformed, forged, expired, of another strategy or version, or for another session.

mod compact;
#[cfg(feature = "josekit")]
mod jwe;
mod jwt;
#[cfg(feature = "josekit")]
mod keyed;
mod payload;

use std::sync::Arc;

#[cfg(feature = "josekit")]
use josekit::JoseError;
use rand::CryptoRng;
use time::{Duration, OffsetDateTime};

use crate::additional::Visibility;
use crate::cookie::MaxAge;
use crate::fields::{AdditionalFields, DeclaredFields};
#[cfg(feature = "josekit")]
use crate::jwe::{JweError, JweKeys, Use};
use crate::session::Remember;
use crate::session_token::SessionToken;
use crate::signing_secret::{SigningSecret, VersionedSecrets};
use crate::user_session::UserSession;
use payload::{MAX_VALUE_BYTES, Payload, Reading};

#[cfg(feature = "josekit")]
pub use keyed::{CACHE_EXPIRY_LEEWAY, CookieCacheMiss, KeyedCookieCache};

/// The format of cache values (`session.cookieCache.strategy`). All servers that share the cookie must use
/// the same strategy; a value of another strategy is a cache miss.
///
/// ```
/// use auth_core::{CacheStrategy, CookieCache, Remember};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let token = &signed_in.session.token;
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let cache = |strategy| CookieCache::new(
/// #     CookieCachePolicy { strategy, max_age: MaxAge::LONGEST, version: String::new() },
/// #     &secrets,
/// # );
/// let (jwt, compact) = (cache(CacheStrategy::Jwt), cache(CacheStrategy::Compact));
/// let cached = jwt.write(&signed_in, Remember::Persistent, now, &mut rand::rng())?;
/// assert!(jwt.read(&cached.value, token, now).is_some());
/// assert!(compact.read(&cached.value, token, now).is_none(), "written in another way");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheStrategy {
    /// JSON with a MAC, in base64url: the shortest format. Every holder of the cookie can read the content.
    #[default]
    Compact,
    /// A JWT signed with HS256; any JWT library can read it. `KeyedCookieCache` writes and reads the JWTs
    /// that are signed with a key of the `jwks` table. Neither type accepts values of the other.
    Jwt,
    /// An encrypted JWT; only holders of the secret can read it.
    #[cfg(feature = "josekit")]
    Jwe,
}

/// A deployment's settings for its cookie cache.
///
/// After a change of version, existing values are cache misses:
///
/// ```
/// use auth_core::{CacheStrategy, CookieCache, CookieCachePolicy, MaxAge};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let token = &signed_in.session.token;
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let first = CookieCachePolicy {
///     strategy: CacheStrategy::Compact,
///     max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days"),
///     version: CookieCachePolicy::DEFAULT_VERSION.to_owned(),
/// };
/// let second = CookieCachePolicy { version: "2".to_owned(), ..first.clone() };
/// # let (first, second) = (CookieCache::new(first, &secrets), CookieCache::new(second, &secrets));
/// # let cached = first.write(&signed_in, Remember::Persistent, now, &mut rand::rng())?;
/// assert!(first.read(&cached.value, token, now).is_some());
/// assert!(second.read(&cached.value, token, now).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieCachePolicy {
    /// The format of values.
    pub strategy: CacheStrategy,
    /// How long a value is valid; also the cookie's `Max-Age` (`session.cookieCache.maxAge`, or the `Max-Age`
    /// that is set for the `session_data` cookie).
    pub max_age: MaxAge,
    /// Values of another version are cache misses, so a new version makes the next read of each session query
    /// the database (`session.cookieCache.version`). Empty means `1`.
    pub version: String,
}

impl CookieCachePolicy {
    /// Better Auth's default `maxAge`: 5 minutes.
    pub const DEFAULT_MAX_AGE: Duration = Duration::minutes(5);

    /// Better Auth's default version.
    pub const DEFAULT_VERSION: &'static str = "1";
}

/// Writes and reads values of the cookie cache.
///
/// ```
/// # use auth_core::*;
/// # use time::{Duration, macros::datetime};
/// # let now = datetime!(2030-01-15 12:00 UTC);
/// # let user = User { id: UserId::from_stored("u1"), name: "Ann".into(), email: Email::parse("ann@example.com")?,
/// #     email_verified: true, image: None, created_at: now, updated_at: now,
/// #     additional: AdditionalValues::default() };
/// # let session = Session { id: SessionId::from_stored("s1"), token: SessionToken::generate(&mut rand::rng()),
/// #     user_id: user.id.clone(), expires_at: now + time::Duration::days(7), created_at: now, updated_at: now,
/// #     ip_address: None, user_agent: None, additional: AdditionalValues::default() };
/// # let principal = UserSession { user, session };
/// let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let policy = CookieCachePolicy {
///     strategy: CacheStrategy::Compact,
///     max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days"),
///     version: CookieCachePolicy::DEFAULT_VERSION.to_owned(),
/// };
/// let cache = CookieCache::new(policy, &secrets);
/// let cached = cache.write(&principal, Remember::Persistent, now, &mut rand::rng())?;
/// let token = &principal.session.token;
/// assert!(cache.read(&cached.value, token, now + Duration::minutes(5)).is_some());
/// assert!(cache.read(&cached.value, token, now + Duration::minutes(6)).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CookieCache {
    policy: CookieCachePolicy,
    /// Signs and verifies compact values and JWTs. This is always the current secret, as in Better Auth.
    secret: SigningSecret,
    #[cfg(feature = "josekit")]
    keys: JweKeys,
    hidden: HiddenFields,
}

/// Names of the additional fields that clients must not see.
#[derive(Clone, Debug, Default)]
struct HiddenFields {
    user: Vec<Arc<str>>,
    session: Vec<Arc<str>>,
}

impl HiddenFields {
    fn of(fields: &DeclaredFields) -> Self {
        let hidden = |fields: &AdditionalFields| {
            let hidden = fields.iter().filter(|field| field.visibility == Visibility::Hidden);
            hidden.map(|field| Arc::clone(&field.name)).collect()
        };
        Self { user: hidden(&fields.user), session: hidden(&fields.session) }
    }

    fn hide(&self, principal: &mut UserSession) {
        self.user.iter().for_each(|name| principal.user.additional.hide(name));
        self.session.iter().for_each(|name| principal.session.additional.hide(name));
    }
}

/// A value for the cookie cache, and how long the browser keeps it.
///
/// ```
/// use auth_core::{CookieSettings, Remember, RequestCookies, SessionCookies};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let max_age = MaxAge::LONGEST;
/// # let policy = CookieCachePolicy { strategy: CacheStrategy::Compact, max_age, version: String::new() };
/// # let cache = CookieCache::new(policy, &secrets);
/// let cookies = SessionCookies::new(CookieSettings::default())?;
/// let cached = cache.write(&signed_in, Remember::UntilBrowserCloses, now, &mut rand::rng())?;
/// assert_eq!(cached.max_age, None);
/// let set = cookies.session_data(&cached, &RequestCookies::default());
/// assert!(set.iter().all(|cookie| cookie.name() == "__Secure-better-auth.session_data"));
/// # assert_eq!(set.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CachedValue {
    /// The cookie's value. It contains the session token.
    pub value: String,
    /// `Max-Age`; `None` if the user asked not to be remembered.
    pub max_age: Option<MaxAge>,
}

/// The value contains a session token, so `Debug` omits it.
impl std::fmt::Debug for CachedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CachedValue").field("max_age", &self.max_age).finish_non_exhaustive()
    }
}

/// Why a cache value could not be written. No variant depends on a client's input.
///
/// The server can still answer the request, without a cookie cache:
///
/// ```
/// use auth_core::{CookieCacheError, Remember};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let max_age = MaxAge::LONGEST;
/// # let policy = CookieCachePolicy { strategy: CacheStrategy::Compact, max_age, version: String::new() };
/// # let cache = CookieCache::new(policy, &secrets);
/// # let cookies = SessionCookies::new(CookieSettings::default())?;
/// # let request = RequestCookies::default();
/// # let mut log = Vec::new();
/// let cached = cache.write(&signed_in, Remember::Persistent, now, &mut rand::rng());
/// let lines = cached.map(|cached| cookies.session_data(&cached, &request));
/// let lines = lines.unwrap_or_else(|error: CookieCacheError| {
///     log.push(error.to_string());
///     Vec::new()
/// });
/// # assert_eq!((lines.len(), log.len()), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CookieCacheError {
    /// Session and user could not be serialised as JSON.
    #[error("session does not become JSON")]
    Encode(#[source] serde_json::Error),
    /// The value could not be encrypted.
    #[cfg(feature = "josekit")]
    #[error("session was not encrypted")]
    Encrypt(#[source] JweError),
    /// Signing with the key failed.
    #[cfg(feature = "josekit")]
    #[error("session was not signed")]
    Sign(#[source] JoseError),
}

impl CookieCache {
    /// Creates a cache with keys derived from `secrets`.
    pub fn new(policy: CookieCachePolicy, secrets: &VersionedSecrets) -> Self {
        Self {
            policy,
            secret: secrets.current().clone(),
            #[cfg(feature = "josekit")]
            keys: JweKeys::derive(secrets, Use::SessionCache),
            hidden: HiddenFields::default(),
        }
    }

    /// Sets which additional fields clients must not see (`returned: false`). They are never written. A value
    /// that was written before a field became hidden may still contain it; such a field is marked as hidden
    /// when the value is read.
    #[must_use]
    pub fn hiding(mut self, fields: &DeclaredFields) -> Self {
        self.hidden = HiddenFields::of(fields);
        self
    }

    /// Writes a value for a session and its user.
    ///
    /// If the user asked not to be remembered, the value is valid for a time that Better Auth fixed for each
    /// strategy: 60 s for compact, 300 s for the others.
    ///
    /// # Errors
    ///
    /// A [`CookieCacheError`]; the caller should continue without a cache.
    pub fn write(
        &self,
        principal: &UserSession,
        remember: Remember,
        now: OffsetDateTime,
        rng: &mut impl CryptoRng,
    ) -> Result<CachedValue, CookieCacheError> {
        let max_age = match remember {
            Remember::Persistent => Some(self.policy.max_age),
            Remember::UntilBrowserCloses => None,
        };
        let payload = Payload::new(principal, self.version(), now);
        let ttl = |unremembered: Duration| max_age.map_or(unremembered, MaxAge::span);
        let value = match self.policy.strategy {
            CacheStrategy::Compact => {
                compact::write(&payload, ttl(compact::UNREMEMBERED_TTL), now, &self.secret)
                    .map_err(CookieCacheError::Encode)
            }
            CacheStrategy::Jwt => jwt::write(&payload, ttl(jwt::UNREMEMBERED_TTL), now, &self.secret)
                .map_err(CookieCacheError::Encode),
            #[cfg(feature = "josekit")]
            CacheStrategy::Jwe => jwe::write(&payload, ttl(jwe::UNREMEMBERED_TTL), now, &self.keys, rng)
                .map_err(CookieCacheError::Encrypt),
        }?;
        // Only encryption needs randomness.
        #[cfg(not(feature = "josekit"))]
        let _ = rng;
        Ok(CachedValue { value, max_age })
    }

    /// Returns the session and user from a cookie's value. `token` is the verified token of the session
    /// cookie. `None` if the value is malformed, forged, expired, of another strategy or version, or for
    /// another session.
    ///
    /// A value expires at its own expiry or at that of the session, whichever is earlier.
    pub fn read(&self, value: &str, token: &SessionToken, now: OffsetDateTime) -> Option<UserSession> {
        if value.len() > MAX_VALUE_BYTES {
            return None;
        }
        let reading = match self.policy.strategy {
            CacheStrategy::Compact => compact::read(value, now, &self.secret)?,
            CacheStrategy::Jwt => jwt::read(value, now, &self.secret)?,
            #[cfg(feature = "josekit")]
            CacheStrategy::Jwe => jwe::read(value, now, &self.keys)?,
        };
        let Reading { mut principal, version } = reading;
        let is_current = principal.session.token.constant_time_eq(token)
            && or_default(version.as_deref().unwrap_or_default()) == self.version()
            && !principal.session.is_expired(now);
        if !is_current {
            return None;
        }
        self.hidden.hide(&mut principal);
        Some(principal)
    }

    fn version(&self) -> &str {
        or_default(&self.policy.version)
    }
}

/// Replaces an empty version with the default one, as Better Auth does.
fn or_default(version: &str) -> &str {
    if version.is_empty() { CookieCachePolicy::DEFAULT_VERSION } else { version }
}
