//! Verifies every form of credential that a caller can send.

mod by_secret;
mod error;
#[cfg(feature = "josekit")]
mod public;
mod variables;
mod verdict;

use time::OffsetDateTime;

use crate::access_token::{AccessClaims, AccessTokenPolicy, AccessTokenVerifier};
use crate::base_url::BaseUrl;
use crate::cookie::{CookieSettings, RequestCookies, SessionCookies};
use crate::cookie_cache::CookieCachePolicy;
#[cfg(feature = "josekit")]
use crate::cookie_cache::KeyedCookieCache;
use crate::credential_source::CredentialSource;
use crate::credentials::Credentials;
#[cfg(feature = "josekit")]
use crate::jwks::JwkSet;
#[cfg(feature = "josekit")]
use crate::jwt::{JwtPolicy, JwtVerifier};
#[cfg(feature = "josekit")]
use crate::key_source::UnconfirmedCopy;
use crate::lookup::UnconfirmedSession;
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::signed_value;
use crate::signing_secret::VersionedSecrets;
#[cfg(feature = "josekit")]
use by_secret::keyed_cache;
use by_secret::{BySecret, caches, default_cookies};
#[cfg(feature = "josekit")]
use public::Public;

pub use error::VerifierError;
pub use verdict::Verdict;

/// Verifies the credentials of a request, without a lookup.
///
/// It accepts every form that Better Auth and this project's server issue, in this order:
///
/// 1. `Authorization: Bearer` with an access token;
/// 2. `Authorization: Bearer` with a token of the `jwt` plugin, if keys are known
///    ([`with_keys`](Verifier::with_keys));
/// 3. `Authorization: Bearer` with a session token, raw or signed;
/// 4. the signed session cookie, with or without a cookie cache beside it;
/// 5. without a secret, a cookie cache alone whose signature a public key verifies
///    ([`with_cookie_cache_of`](Verifier::with_cookie_cache_of)).
///
/// A bearer header that does not verify is refused; the cookies are not used instead.
///
/// ```
/// use auth_core::{Credentials, Verdict, Verifier};
///
/// let variables = [
///     ("BETTER_AUTH_URL", "https://auth.example.com"),
///     ("BETTER_AUTH_SECRET", "an example secret of 48 characters, or some such"),
/// ];
/// // In a service: `Verifier::from_vars(std::env::vars())?`
/// let verifier = Verifier::from_vars(variables)?;
///
/// let nothing = Credentials::read([], []);
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// match verifier.verify(&nothing, now) {
///     Ok(Verdict::Principal(principal)) => println!("hello {}", principal.user_id()),
///     Ok(Verdict::Session(unconfirmed)) => println!("to be looked up: {:?}", unconfirmed.key()),
///     Err(refusal) => assert_eq!(refusal.status(), 401),
/// #   Ok(_) => panic!(),
/// }
/// # Ok::<(), auth_core::VerifierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    /// `None` if the service has no secret, only public keys.
    by_secret: Option<BySecret>,
    #[cfg(feature = "josekit")]
    public: Option<Public>,
}

impl Verifier {
    /// Creates a verifier from the auth server's base URL and its secret, or its versioned secrets.
    /// Everything that clients hold is signed with the current secret.
    ///
    /// Access tokens must be issued by the origin of the base URL, without an audience. Cookies have Better
    /// Auth's default names, with `__Secure-` if the base URL is https. A cookie cache of version `1` is
    /// accepted in every strategy.
    pub fn new(base_url: BaseUrl, secrets: VersionedSecrets) -> Self {
        let policy = AccessTokenPolicy::new(base_url.origin());
        let cookies = default_cookies(&base_url);
        let by_secret = BySecret {
            access: AccessTokenVerifier::new(&policy, secrets.current().clone()),
            cookies,
            caches: caches(CookieCachePolicy::DEFAULT_VERSION, &secrets),
            #[cfg(feature = "josekit")]
            cache_version: Some(CookieCachePolicy::DEFAULT_VERSION.to_owned()),
            base_url,
            secrets,
        };
        Self {
            by_secret: Some(by_secret),
            #[cfg(feature = "josekit")]
            public: None,
        }
    }

    /// Creates a verifier from public keys alone, for a service without the secret. It accepts tokens of the
    /// `jwt` plugin, and no cookie unless [`with_cookie_cache_of`](Verifier::with_cookie_cache_of) is called.
    /// Keys that are not in the set are looked up if a [`KeySource`](crate::KeySource) is configured.
    #[cfg(feature = "josekit")]
    pub fn from_keys(policy: &JwtPolicy, keys: JwkSet) -> Self {
        let verifier = JwtVerifier::new(policy);
        Self { by_secret: None, public: Some(Public { verifier, keys, cache: None, cookies: None }) }
    }

    /// Also accepts tokens of the `jwt` plugin, and cookie caches that are signed with one of these keys
    /// (`jwt({ sessionCookieCache: true })` of Better Auth).
    #[cfg(feature = "josekit")]
    #[must_use]
    pub fn with_keys(mut self, policy: &JwtPolicy, keys: JwkSet) -> Self {
        let cache = self.by_secret.as_ref().and_then(BySecret::keyed_cache);
        self.public = Some(Public { verifier: JwtVerifier::new(policy), keys, cache, cookies: None });
        self
    }

    /// Accepts, without the secret, the cookie caches that an auth server signs with the private keys of its
    /// key set (`jwt({ sessionCookieCache: true })` of Better Auth). The cookie alone then authenticates the
    /// caller, as in Better Auth's `getCookieCache`. It is unknown whether the session has ended since.
    ///
    /// A browser sends cookies automatically, so a route that changes something must check where a request
    /// comes from.
    ///
    /// Call it after [`from_keys`](Verifier::from_keys) and before [`with_cookies`](Verifier::with_cookies).
    /// It has no effect on a verifier with a secret, which accepts these caches after
    /// [`with_keys`](Verifier::with_keys).
    ///
    /// ```
    /// use auth_core::{BaseUrl, Credentials, Proof, Verdict, Verifier};
    ///
    /// # use auth_core::*;
    /// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
    /// # let signed_in = testing::TestIssuer::new().user("ann@example.com").sign_in(now);
    /// # let (policy, kid) = (JwtPolicy::new("https://auth.example.com"), Kid::parse("k1").expect("a name"));
    /// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
    /// # let signing = pair.private.signing_key(kid.clone())?;
    /// # let mut keys = JwkSet::default();
    /// # keys.insert(VerificationKey::new(kid, pair.public)?);
    /// let auth_server = BaseUrl::parse("https://auth.example.com")?;
    /// let verifier = Verifier::from_keys(&policy, keys).with_cookie_cache_of(&auth_server);
    /// # let cached = KeyedCookieCache::new(auth_server.origin(), MaxAge::LONGEST, "1")
    /// #     .write(&signed_in, Remember::Persistent, &signing, now)?;
    /// # let cookie = format!("__Secure-better-auth.session_data={}", cached.value);
    /// let credentials = Credentials::read([], [cookie.as_bytes()]);
    /// let Verdict::Principal(caller) = verifier.verify(&credentials, now)? else { panic!("a known key") };
    /// assert_eq!(caller.email(), Some("ann@example.com"));
    /// assert!(matches!(caller.proof(), Proof::CookieCache(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "josekit")]
    #[must_use]
    pub fn with_cookie_cache_of(mut self, base_url: &BaseUrl) -> Self {
        if let (None, Some(public)) = (&self.by_secret, &mut self.public) {
            public.cache = Some(keyed_cache(base_url, CookieCachePolicy::DEFAULT_VERSION));
            public.cookies = Some(default_cookies(base_url));
        }
        self
    }

    /// Requires an audience in access tokens (`access_token.audience` of the server).
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        if let Some(BySecret { access, base_url, secrets, .. }) = &mut self.by_secret {
            let audience = Some(audience.into());
            let policy = AccessTokenPolicy { audience, ..AccessTokenPolicy::new(base_url.origin()) };
            *access = AccessTokenVerifier::new(&policy, secrets.current().clone());
        }
        self
    }

    /// Sets other cookie names: a prefix, individual names, or `__Secure-` independently of the base URL.
    ///
    /// # Errors
    ///
    /// [`VerifierError::Cookies`] for names that a cookie cannot have.
    pub fn with_cookies(mut self, settings: CookieSettings) -> Result<Self, VerifierError> {
        let cookies = SessionCookies::new(settings).map_err(VerifierError::Cookies)?;
        #[cfg(feature = "josekit")]
        if let Some(named) = self.public.as_mut().and_then(|public| public.cookies.as_mut()) {
            named.clone_from(&cookies);
        }
        if let Some(by_secret) = &mut self.by_secret {
            by_secret.cookies = cookies;
        }
        Ok(self)
    }

    /// Accepts cookie caches of another version (`session.cookieCache.version`).
    #[must_use]
    pub fn with_cookie_cache_version(mut self, version: &str) -> Self {
        if let Some(by_secret) = &mut self.by_secret {
            by_secret.caches = caches(version, &by_secret.secrets);
            #[cfg(feature = "josekit")]
            {
                by_secret.cache_version = Some(version.to_owned());
            }
        }
        #[cfg(feature = "josekit")]
        if let Some(public) = &mut self.public {
            match &self.by_secret {
                Some(by_secret) => public.cache = by_secret.keyed_cache(),
                None => public.cache = public.cache.take().map(|cache| cache.with_version(version)),
            }
        }
        self
    }

    /// Ignores cookie caches: every session cookie must be looked up, and a sign-out takes effect at once.
    #[must_use]
    pub fn without_cookie_cache(mut self) -> Self {
        if let Some(by_secret) = &mut self.by_secret {
            by_secret.caches.clear();
            #[cfg(feature = "josekit")]
            {
                by_secret.cache_version = None;
            }
        }
        #[cfg(feature = "josekit")]
        if let Some(public) = &mut self.public {
            public.cache = None;
        }
        self
    }

    /// Verifies the credentials of a request.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that says what is missing or wrong.
    pub fn verify(&self, credentials: &Credentials, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        match CredentialSource::of(credentials.bearer()) {
            CredentialSource::MalformedBearer => Err(Refusal::MalformedBearer),
            CredentialSource::Jwt(token) => self.verify_jwt(token, now),
            CredentialSource::SessionToken(token) => self.read_session_token(token).map(Verdict::Session),
            CredentialSource::Cookies => self.verify_cookies(&credentials.cookies, now),
        }
    }

    /// Returns the session to look up for a principal that this access token proves.
    pub(crate) fn access_token_session(
        credentials: &Credentials,
        claims: &AccessClaims,
    ) -> Result<UnconfirmedSession, Refusal> {
        match CredentialSource::of(credentials.bearer()) {
            CredentialSource::Jwt(token) => Ok(UnconfirmedSession::of_access_token(claims, token)),
            CredentialSource::MalformedBearer
            | CredentialSource::SessionToken(_)
            | CredentialSource::Cookies => Err(Refusal::Unconfirmed(ShownBy::Bearer)),
        }
    }

    /// Returns the session that a request's session cookie names, whatever its cookie cache proves.
    pub(crate) fn cookie_session(&self, credentials: &Credentials) -> Result<UnconfirmedSession, Refusal> {
        // Without the secret, the session token in a cookie cannot be verified, so there is none to look up.
        let by_secret = self.by_secret.as_ref().ok_or(Refusal::Unconfirmed(ShownBy::Cookie))?;
        let token = by_secret.read_cookie(&credentials.cookies)?;
        by_secret.unconfirmed(token, ShownBy::Cookie)
    }

    fn verify_jwt(&self, token: &str, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        #[cfg(feature = "josekit")]
        if let Some(public) = &self.public {
            // A token under a public key has a `kid`; access tokens under the secret have none.
            match (JwtVerifier::kid(token), &self.by_secret) {
                (Ok(kid), _) => return public.verify(kid, token, now),
                (Err(error), None) => return Err(error.into()),
                (Err(_), Some(_)) => {}
            }
        }
        let by_secret = self.by_secret.as_ref().ok_or(Refusal::InvalidToken(None))?;
        let claims = by_secret.access.verify(token, now)?;
        Ok(Verdict::Principal(Principal::new(Proof::AccessToken(claims))))
    }

    fn read_session_token(&self, token: &str) -> Result<UnconfirmedSession, Refusal> {
        let by_secret = self.by_secret.as_ref().ok_or(Refusal::InvalidToken(None))?;
        let token = signed_value::read_session_token(token, by_secret.secrets.current())
            .ok_or(Refusal::InvalidToken(None))?;
        by_secret.unconfirmed(token, ShownBy::Bearer)
    }

    fn verify_cookies(&self, cookies: &RequestCookies, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        let Some(by_secret) = &self.by_secret else {
            #[cfg(feature = "josekit")]
            if let Some(public) = &self.public {
                return public.verify_cache(cookies, now);
            }
            return Err(Refusal::NoCredentials);
        };
        let token = by_secret.read_cookie(cookies)?;
        let Some(value) = by_secret.cookies.read_session_data(cookies) else {
            return by_secret.unconfirmed(token, ShownBy::Cookie).map(Verdict::Session);
        };
        #[cfg(feature = "josekit")]
        if let Some((cache, keys)) = self.public.as_ref().and_then(Public::cache)
            && let Ok(kid) = KeyedCookieCache::kid(&value)
        {
            return match keys.find(&kid) {
                Some(key) => by_secret.verdict(cache.read(&value, &token, key, now).ok(), token),
                None => {
                    let session = by_secret.unconfirmed(token, ShownBy::Cookie)?;
                    Ok(Verdict::Copy(UnconfirmedCopy::new(kid, value, cache, Some(session))))
                }
            };
        }
        by_secret.verdict(by_secret.read_cache(&value, &token, now), token)
    }
}
