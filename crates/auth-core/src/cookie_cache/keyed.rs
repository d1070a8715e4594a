//! The `jwt` strategy with a key of the `jwks` table (`jwt({ sessionCookieCache: true })` of Better Auth). A
//! value is verified with a public key, so services can read it without the secret (Better Auth plugins
//! §3.6).
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"EdDSA","kid":"…","typ":"better-auth.session-cache+jwt"}` |
//! | payload | as in the other strategies: `session`, `user`, `updatedAt`, `version` |
//! | `sid` | the session's token |
//! | `iat`, `exp` | whole seconds |
//! | `iss` | origin of the base URL, even if the plugin's tokens have another issuer |
//! | `aud` | `better-auth:session-cache` |
//! | `sub` | user id |
//!
//! The `typ` distinguishes these values from the plugin's tokens, which are signed with the same keys.
//! Neither is ever accepted as the other (R-02).

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::payload::{self, MAX_VALUE_BYTES, Payload, Reading};
use super::{CachedValue, CookieCacheError, HiddenFields, jwt, or_default};
use crate::claims::{Claims, VerifyError};
use crate::cookie::MaxAge;
use crate::fields::DeclaredFields;
use crate::jwks::{Kid, VerificationKey};
use crate::jws::JwsError;
use crate::jwt::compact::{self, Compact, SignError};
use crate::key_pair::SigningKey;
use crate::numeric_date;
use crate::session::Remember;
use crate::session_token::SessionToken;
use crate::user_session::UserSession;
use crate::wire::json::Json;

/// `typ` of the header, compared exactly.
const TYPE: &str = "better-auth.session-cache+jwt";

/// `aud` of the claims.
const AUDIENCE: &str = "better-auth:session-cache";

/// How long after its expiry a [lenient](KeyedCookieCache::lenient) reader accepts a value (1.7.25,
/// `getSessionCookieJwtVerifyOptions`).
///
/// ```
/// use auth_core::CACHE_EXPIRY_LEEWAY;
///
/// assert_eq!(CACHE_EXPIRY_LEEWAY.whole_seconds(), 15);
/// ```
pub const CACHE_EXPIRY_LEEWAY: Duration = Duration::seconds(15);

/// Writes and reads cookie caches that are signed with a key of the `jwks` table.
///
/// The value chooses its key by key id. It has no influence on which keys exist or which algorithm a key has.
///
/// ```
/// use auth_core::{CookieCachePolicy, KeyedCookieCache, MaxAge, Remember};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let token = &signed_in.session.token;
/// # let kid = Kid::parse("k1").expect("a name");
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let signing = pair.private.signing_key(kid.clone())?;
/// # let mut published = JwkSet::default();
/// # published.insert(VerificationKey::new(kid, pair.public)?);
/// let max_age = MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("within 400 days");
/// let cache = KeyedCookieCache::new("https://auth.example.com", max_age, "1");
/// let cached = cache.write(&signed_in, Remember::Persistent, &signing, now)?;
///
/// let kid = KeyedCookieCache::kid(&cached.value)?;
/// let key = published.find(&kid).expect("a key of this server");
/// let read = cache.read(&cached.value, token, key, now)?;
/// assert_eq!(read.user.email.as_str(), "ann@example.com");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyedCookieCache {
    issuer: String,
    max_age: MaxAge,
    version: String,
    expiry_leeway: Duration,
    hidden: HiddenFields,
}

/// Why a value is not a valid copy of its session. For every variant, the caller queries the database.
///
/// No variant contains the value, which holds a session token.
///
/// ```
/// use auth_core::{CookieCacheMiss, KeyedCookieCache, VerifyError};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = testing::TestIssuer::new().user("ann@example.com").user().clone();
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let signing = pair.private.signing_key(Kid::parse("k1").expect("a name"))?;
/// # let issuer = JwtIssuer::new(JwtPolicy::new("https://auth.example.com"), JwtPayload::User);
/// # let token = issuer.issue(&user, &signing, now)?;
/// // A token of `/token`, under the same key:
/// let miss = KeyedCookieCache::kid(token.expose()).unwrap_err();
/// assert!(matches!(miss, CookieCacheMiss::Token(VerifyError::WrongType)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum CookieCacheMiss {
    /// The value does not verify: it is malformed, forged, expired, of another kind or by another issuer.
    #[error("the copy does not verify")]
    Token(#[source] VerifyError),
    /// The signed content is not a session and its user in Better Auth's shape.
    #[error("the copy holds no session")]
    Payload,
    /// `sub` is not the id of the user in the payload, or `sid` is not the token of the session in it.
    #[error("claim `{name}` is not of the session beside it")]
    Claim {
        /// The claim.
        name: &'static str,
    },
    /// The session is not the one of the session cookie.
    #[error("the copy is of another session")]
    OtherSession,
    /// The value has another version.
    #[error("the copy is of another version")]
    OtherVersion,
    /// The session in the value has expired.
    #[error("the session is over")]
    SessionOver,
}

impl From<VerifyError> for CookieCacheMiss {
    fn from(error: VerifyError) -> Self {
        Self::Token(error)
    }
}

impl From<JwsError> for CookieCacheMiss {
    fn from(error: JwsError) -> Self {
        Self::Token(error.into())
    }
}

/// The claims in Better Auth's order (1.7.25, `signCookieCacheJWT`).
#[derive(Serialize)]
struct KeyedClaims<'a> {
    #[serde(flatten)]
    payload: &'a Payload<'a>,
    sid: &'a str,
    iat: i64,
    exp: i64,
    iss: &'a str,
    aud: &'static str,
    sub: &'a str,
}

impl KeyedCookieCache {
    /// Creates a cache. `issuer` is the origin of the base URL. `max_age` is the lifetime of a value and the
    /// cookie's `Max-Age`. An empty `version` means `1`.
    pub fn new(issuer: impl Into<String>, max_age: MaxAge, version: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            max_age,
            version: version.into(),
            expiry_leeway: Duration::ZERO,
            hidden: HiddenFields::default(),
        }
    }

    /// Sets which additional fields clients must not see, as in
    /// [`CookieCache::hiding`](super::CookieCache::hiding).
    #[must_use]
    pub fn hiding(mut self, fields: &DeclaredFields) -> Self {
        self.hidden = HiddenFields::of(fields);
        self
    }

    /// Accepts values for [`CACHE_EXPIRY_LEEWAY`] after their expiry. This is for services whose clock
    /// differs from the auth server's; Better Auth's own reader for such services has the same leeway. The
    /// auth server itself has none.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.expiry_leeway = CACHE_EXPIRY_LEEWAY;
        self
    }

    pub(crate) fn with_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Writes a value for a session and its user. If the user asked not to be remembered, the value is valid
    /// for 300 s, as in Better Auth.
    ///
    /// # Errors
    ///
    /// A [`CookieCacheError`]; the caller should continue without a cache.
    pub fn write(
        &self,
        principal: &UserSession,
        remember: Remember,
        key: &SigningKey,
        now: OffsetDateTime,
    ) -> Result<CachedValue, CookieCacheError> {
        let max_age = match remember {
            Remember::Persistent => Some(self.max_age),
            Remember::UntilBrowserCloses => None,
        };
        let ttl = max_age.map_or(jwt::UNREMEMBERED_TTL, MaxAge::span);
        let iat = numeric_date::seconds(now);
        let claims = KeyedClaims {
            payload: &Payload::new(principal, or_default(&self.version), now),
            sid: principal.session.token.expose(),
            iat,
            exp: iat.saturating_add(ttl.whole_seconds()),
            iss: &self.issuer,
            aud: AUDIENCE,
            sub: principal.user.id.as_str(),
        };
        let value = compact::sign(key, Some(TYPE), &claims).map_err(|error| match error {
            SignError::Encode(error) => CookieCacheError::Encode(error),
            SignError::Sign(error) => CookieCacheError::Sign(error),
        })?;
        Ok(CachedValue { value, max_age })
    }

    /// Returns the id of the key that a value claims to be signed with. Nothing of the value is verified yet.
    ///
    /// # Errors
    ///
    /// [`CookieCacheMiss::Token`] if the value is not of this kind.
    pub fn kid(value: &str) -> Result<Kid, CookieCacheMiss> {
        Ok(Compact::cut(value, MAX_VALUE_BYTES)?.kid(is_cache)?)
    }

    /// Returns the session and user from a value. `token` is the verified token of the session cookie.
    ///
    /// # Errors
    ///
    /// A [`CookieCacheMiss`] with the check that failed.
    pub fn read(
        &self,
        value: &str,
        token: &SessionToken,
        key: &VerificationKey,
        now: OffsetDateTime,
    ) -> Result<UserSession, CookieCacheMiss> {
        let read = self.read_alone(value, key, now)?;
        if read.session.token.constant_time_eq(token) { Ok(read) } else { Err(CookieCacheMiss::OtherSession) }
    }

    /// Returns the session and user from a value, whichever session it belongs to. This is for services that
    /// do not have the secret and cannot verify the session cookie.
    ///
    /// ```
    /// # use auth_core::*;
    /// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
    /// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
    /// # let kid = Kid::parse("k1").expect("a name");
    /// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
    /// # let signing = pair.private.signing_key(kid.clone())?;
    /// # let key = VerificationKey::new(kid, pair.public)?;
    /// # let cache = KeyedCookieCache::new("https://auth.example.com", MaxAge::LONGEST, "1");
    /// # let value = cache.write(&signed_in, Remember::Persistent, &signing, now)?.value;
    /// let service = KeyedCookieCache::new("https://auth.example.com", MaxAge::REMOVE, "1").lenient();
    /// assert_eq!(service.read_alone(&value, &key, now)?.user.id, signed_in.user.id);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`CookieCacheMiss`] with the check that failed.
    pub fn read_alone(
        &self,
        value: &str,
        key: &VerificationKey,
        now: OffsetDateTime,
    ) -> Result<UserSession, CookieCacheMiss> {
        let content = Compact::cut(value, MAX_VALUE_BYTES)?.open(key, is_cache)?;
        let content: Json = serde_json::from_slice(&content).map_err(JwsError::Json)?;
        let Json::Object(_) = &content else { return Err(JwsError::NotAnObject.into()) };
        let claims = Claims(&content);
        claims.times_within(self.expiry_leeway, now)?;
        if claims.identifier("iss")? != self.issuer {
            return Err(VerifyError::WrongIssuer.into());
        }
        check_audience(&content)?;
        let (sub, sid) = (claims.identifier("sub")?.to_owned(), claims.identifier("sid")?.to_owned());
        let Reading { mut principal, version } =
            payload::read(content, now).ok_or(CookieCacheMiss::Payload)?;
        if sub != principal.user.id.as_str() {
            return Err(CookieCacheMiss::Claim { name: "sub" });
        }
        if !principal.session.token.constant_time_eq(&SessionToken::from_stored(sid)) {
            return Err(CookieCacheMiss::Claim { name: "sid" });
        }
        if or_default(version.as_deref().unwrap_or_default()) != or_default(&self.version) {
            return Err(CookieCacheMiss::OtherVersion);
        }
        if principal.session.is_expired(now) {
            return Err(CookieCacheMiss::SessionOver);
        }
        self.hidden.hide(&mut principal);
        Ok(principal)
    }
}

fn is_cache(typ: Option<&str>) -> bool {
    typ == Some(TYPE)
}

/// Checks `aud`: the expected text, or a list of texts that contains it.
fn check_audience(claims: &Json) -> Result<(), VerifyError> {
    let malformed = || VerifyError::MalformedClaim { name: "aud" };
    let is_ours = match claims.get("aud") {
        None => return Err(VerifyError::MissingClaim { name: "aud" }),
        Some(Json::Text(name)) => name == AUDIENCE,
        Some(Json::List(names)) => {
            let names = names.iter().map(|name| if let Json::Text(name) = name { Some(name) } else { None });
            let names: Vec<&String> = names.collect::<Option<_>>().ok_or_else(malformed)?;
            names.iter().any(|name| *name == AUDIENCE)
        }
        Some(_) => return Err(malformed()),
    };
    if is_ours { Ok(()) } else { Err(VerifyError::WrongAudience) }
}
