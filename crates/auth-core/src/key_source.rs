//! The interface through which a service fetches unknown public keys, and the credentials that wait for them.

use std::future::Future;

use time::OffsetDateTime;

use crate::cookie_cache::{CookieCacheMiss, KeyedCookieCache};
use crate::jwks::{Kid, VerificationKey};
use crate::jws::JwsError;
use crate::jwt::JwtVerifier;
use crate::lookup::{SessionKey, UnconfirmedSession};
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::secret::Secret;
use crate::user_session::UserSession;

/// A token that names a key which is not known here. [`verify`](Self::verify) takes the key and returns the
/// principal.
///
/// ```
/// use auth_core::{JwkSet, Verdict, Verifier};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let user = testing::TestIssuer::new().user("ann@example.com").user().clone();
/// # let (policy, kid) = (JwtPolicy::new("https://auth.example.com"), Kid::parse("k1").expect("a name"));
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let token = JwtIssuer::new(policy.clone(), JwtPayload::User)
/// #     .issue(&user, &pair.private.signing_key(kid.clone())?, now)?;
/// # let header = format!("Bearer {}", token.expose());
/// # let credentials = Credentials::read([header.as_bytes()], []);
/// # let mut fetched = JwkSet::default();
/// # fetched.insert(VerificationKey::new(kid, pair.public)?);
/// let verifier = Verifier::from_keys(&policy, JwkSet::default());
/// let Verdict::Jwt(unconfirmed) = verifier.verify(&credentials, now)? else { panic!("no such key yet") };
/// // … ask the server for its keys, and say what was found:
/// let principal = unconfirmed.verify(fetched.find(unconfirmed.kid()), now)?;
/// assert_eq!(principal.email(), Some("ann@example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnconfirmedJwt {
    kid: Kid,
    token: Secret<String>,
    verifier: JwtVerifier,
}

impl UnconfirmedJwt {
    pub(crate) fn new(kid: Kid, token: &str, verifier: &JwtVerifier) -> Self {
        Self { kid, token: Secret::new(token.to_owned()), verifier: verifier.clone() }
    }

    /// Returns the key id, which the sender of the token chose.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Verifies the token with the key that was found.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidToken`] if there is no such key or it did not sign the token;
    /// [`Refusal::TokenExpired`] if the token has expired.
    pub fn verify(&self, found: Option<&VerificationKey>, now: OffsetDateTime) -> Result<Principal, Refusal> {
        let key = found.ok_or_else(|| Refusal::InvalidToken(Some(JwsError::Key.into())))?;
        let claims = self.verifier.verify(self.token.expose(), key, now)?;
        Ok(Principal::new(Proof::Jwt(Box::new(claims))))
    }
}

/// A cookie cache that names a key which is not known here. [`verify`](Self::verify) takes the key and
/// returns the principal. If there is no such key, the session may still be looked up.
///
/// ```
/// use auth_core::{JwkSet, Verdict, Verifier};
///
/// # use auth_core::*;
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
/// # let (policy, kid) = (JwtPolicy::new("https://auth.example.com"), Kid::parse("k1").expect("a name"));
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// # let signing = pair.private.signing_key(kid.clone())?;
/// # let mut fetched = JwkSet::default();
/// # fetched.insert(VerificationKey::new(kid, pair.public)?);
/// # let auth_server = BaseUrl::parse("https://auth.example.com")?;
/// # let cached = KeyedCookieCache::new(auth_server.origin(), MaxAge::LONGEST, "1")
/// #     .write(&signed_in, Remember::Persistent, &signing, now)?;
/// # let cookie = format!("__Secure-better-auth.session_data={}", cached.value);
/// # let credentials = Credentials::read([], [cookie.as_bytes()]);
/// let verifier = Verifier::from_keys(&policy, JwkSet::default()).with_cookie_cache_of(&auth_server);
/// let Verdict::Copy(unconfirmed) = verifier.verify(&credentials, now)? else { panic!("no such key yet") };
/// // … ask the server for its keys, and say what was found:
/// let principal = unconfirmed.verify(fetched.find(unconfirmed.kid()), now)?;
/// assert_eq!(principal.email(), Some("ann@example.com"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct UnconfirmedCopy {
    kid: Kid,
    value: Secret<String>,
    cache: KeyedCookieCache,
    session: Option<UnconfirmedSession>,
}

impl UnconfirmedCopy {
    pub(crate) fn new(
        kid: Kid,
        value: String,
        cache: &KeyedCookieCache,
        session: Option<UnconfirmedSession>,
    ) -> Self {
        Self { kid, value: Secret::new(value), cache: cache.clone(), session }
    }

    /// Returns the key id, which the sender of the cookie cache chose.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Returns the session of the session cookie that came with the cookie cache, to be looked up if the
    /// cookie cache does not verify. `None` if there is no secret to verify that cookie with.
    pub fn session(&self) -> Option<&UnconfirmedSession> {
        self.session.as_ref()
    }

    /// Verifies the cookie cache with the key that was found.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unconfirmed`] if there is no such key or the cookie cache does not verify. It is then
    /// unknown whether the session is alive.
    pub fn verify(&self, found: Option<&VerificationKey>, now: OffsetDateTime) -> Result<Principal, Refusal> {
        let read = found.and_then(|key| self.read(key, now).ok());
        read.map(|read| Principal::new(Proof::CookieCache(Box::new(read))))
            .ok_or(Refusal::Unconfirmed(ShownBy::Cookie))
    }

    fn read(&self, key: &VerificationKey, now: OffsetDateTime) -> Result<UserSession, CookieCacheMiss> {
        let value = self.value.expose();
        match self.session.as_ref().map(UnconfirmedSession::key) {
            Some(SessionKey::Token(token)) => self.cache.read(value, token, key, now),
            // No cookie names a session by its id.
            Some(SessionKey::Id { .. }) => Err(CookieCacheMiss::OtherSession),
            None => self.cache.read_alone(value, key, now),
        }
    }
}

/// A source of public keys: the auth server's key set.
///
/// `auth-client` implements it over HTTPS. Clients choose the key ids, so a source must limit how often
/// unknown ids cause a request.
///
/// ```
/// use auth_core::{JwkSet, KeySource, Kid, VerificationKey};
/// # use std::convert::Infallible;
/// struct Fixed(JwkSet);
///
/// impl KeySource for Fixed {
///     type Error = Infallible;
///
///     async fn find_key(
///         &self,
///         kid: &Kid,
///         _now: time::OffsetDateTime,
///     ) -> Result<Option<VerificationKey>, Infallible> {
///         Ok(self.0.find(kid).cloned())
///     }
/// }
/// ```
pub trait KeySource: Send + Sync {
    /// The error of a failed lookup. An unknown key is not an error; it gives `None`.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Finds a key by its id.
    fn find_key(
        &self,
        kid: &Kid,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Option<VerificationKey>, Self::Error>> + Send;
}
