//! The `jwt` strategy under a key of the `jwks` table (`jwt({ sessionCookieCache: true })` of Better Auth): a copy that
//! is checked with a public key, so that services read it without the secret (Better Auth plugins §3.6).
//!
//! | part | value |
//! |---|---|
//! | header | `{"alg":"EdDSA","kid":"…","typ":"better-auth.session-cache+jwt"}` |
//! | payload | as the other strategies: `session`, `user`, `updatedAt`, `version` |
//! | `sid` | the session's token |
//! | `iat`, `exp` | whole seconds |
//! | `iss` | origin of the base URL, whatever the plugin's tokens have |
//! | `aud` | `better-auth:session-cache` |
//! | `sub` | user id |
//!
//! The type keeps it apart from the plugin's tokens under the same keys: neither is ever taken for the other (R-02).

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

/// `typ` of the header, in its one spelling.
const TYPE: &str = "better-auth.session-cache+jwt";

/// `aud`
const AUDIENCE: &str = "better-auth:session-cache";

/// How long after its end a copy is taken by a [lenient](KeyedCookieCache::lenient) reader (1.7.25,
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
/// Which key is asked for is the value's to say, by name; which keys there are, and which algorithm each has, is not.
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

/// Why a value is no copy of the session it came for. The caller asks the database, whichever it is.
///
/// Nothing in it quotes the value, which holds a session token.
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
    /// No value of this kind: malformed, forged, over, or by another issuer.
    #[error("the copy does not verify")]
    Token(#[source] VerifyError),
    /// What was signed is not a session and its user in Better Auth's shape.
    #[error("the copy holds no session")]
    Payload,
    /// `sub` is not the user, or `sid` not the session, that stands beside it.
    #[error("claim `{name}` is not of the session beside it")]
    Claim {
        /// The claim.
        name: &'static str,
    },
    /// It is a copy of another session than that of the cookie.
    #[error("the copy is of another session")]
    OtherSession,
    /// It was written under another version.
    #[error("the copy is of another version")]
    OtherVersion,
    /// The session that it is a copy of ended by its time.
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

/// The claims in the order of the reference (1.7.25, `signCookieCacheJWT`).
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
    /// Takes the origin of the base URL, how long a value is good, which is the cookie's `Max-Age` too, and the version,
    /// of which empty is `1`.
    pub fn new(issuer: impl Into<String>, max_age: MaxAge, version: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            max_age,
            version: version.into(),
            expiry_leeway: Duration::ZERO,
            hidden: HiddenFields::default(),
        }
    }

    /// Takes note of which additional fields clients are not shown, as
    /// [`CookieCache::hiding`](super::CookieCache::hiding) does.
    #[must_use]
    pub fn hiding(mut self, fields: &DeclaredFields) -> Self {
        self.hidden = HiddenFields::of(fields);
        self
    }

    /// Takes values for [`CACHE_EXPIRY_LEEWAY`] after their end: for services whose clock is not the auth server's, as
    /// Better Auth's own reader for them does. The server itself has no leeway.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.expiry_leeway = CACHE_EXPIRY_LEEWAY;
        self
    }

    pub(crate) fn with_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Writes session and user. A value for a user who is not remembered is good for 300 s, as the reference fixed it.
    ///
    /// # Errors
    ///
    /// A [`CookieCacheError`]; a caller goes on without a cache.
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

    /// Gives the name of the key that a value says it is signed with; nothing of the value is verified yet.
    ///
    /// # Errors
    ///
    /// [`CookieCacheMiss::Token`] for what is not of this kind.
    pub fn kid(value: &str) -> Result<Kid, CookieCacheMiss> {
        Ok(Compact::cut(value, MAX_VALUE_BYTES)?.kid(is_cache)?)
    }

    /// Gives what a value says about the session of `token`, the verified token of the session cookie.
    ///
    /// # Errors
    ///
    /// A [`CookieCacheMiss`] for everything that does not hold.
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

    /// Gives what a value says, of whichever session it is: for services that lack the secret and cannot verify the
    /// session cookie beside it.
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
    /// A [`CookieCacheMiss`] for everything that does not hold.
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

/// Checks `aud`: one text, or a list of texts with the one that is expected.
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
