//! One check for every form in which a caller can say who they are.

use time::OffsetDateTime;

use crate::access_token::{AccessTokenPolicy, AccessTokenVerifier};
use crate::base_url::{BaseUrl, ParseBaseUrlError};
use crate::cookie::{
    CookieSettings, CookieSettingsError, MaxAge, RequestCookies, SessionCookies, encode_uri_component,
};
#[cfg(feature = "josekit")]
use crate::cookie_cache::KeyedCookieCache;
use crate::cookie_cache::{CacheStrategy, CookieCache, CookieCachePolicy};
use crate::credentials::{Authorization, Credentials};
#[cfg(feature = "josekit")]
use crate::jwks::{JwkSet, Kid};
#[cfg(feature = "josekit")]
use crate::jwt::{JwtPolicy, JwtVerifier};
#[cfg(feature = "josekit")]
use crate::key_source::{UnconfirmedCopy, UnconfirmedJwt};
use crate::lookup::UnconfirmedSession;
use crate::principal::{Principal, Proof};
use crate::refusal::{Refusal, ShownBy};
use crate::session_token::SessionToken;
use crate::signed_value;
use crate::signing_secret::{SigningSecret, SigningSecretError, VersionedSecrets, VersionedSecretsError};
use crate::user_session::UserSession;

/// Checks what a request shows, without asking anybody.
///
/// It takes every form that Better Auth and this project's server hand out, in this order:
///
/// 1. `Authorization: Bearer` with an access token;
/// 2. `Authorization: Bearer` with a token of the `jwt` plugin, where keys are known
///    ([`with_keys`](Verifier::with_keys));
/// 3. `Authorization: Bearer` with a session token, raw or signed;
/// 4. the signed session cookie, with or without a cookie cache beside it;
/// 5. where there is no secret, a cookie cache alone that is signed with a public key's other half
///    ([`with_cookie_cache_of`](Verifier::with_cookie_cache_of)).
///
/// A bearer header that does not verify is refused, never passed over in favour of a cookie.
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
    /// `None` where a service has no secret, only public keys.
    shared: Option<Shared>,
    #[cfg(feature = "josekit")]
    public: Option<Public>,
}

/// What is checked with the secret.
#[derive(Clone, Debug)]
struct Shared {
    access: AccessTokenVerifier,
    base_url: BaseUrl,
    cookies: SessionCookies,
    caches: Vec<(CacheStrategy, CookieCache)>,
    /// Version of the cookie caches that are taken; `None`: none is.
    #[cfg(feature = "josekit")]
    cache_version: Option<String>,
    secrets: VersionedSecrets,
}

/// What is checked with public keys.
#[cfg(feature = "josekit")]
#[derive(Clone, Debug)]
struct Public {
    verifier: JwtVerifier,
    keys: JwkSet,
    /// Reads cookie caches under these keys; `None`: none is taken.
    cache: Option<KeyedCookieCache>,
    /// How the cookie of the cache is named where no secret is known.
    cookies: Option<SessionCookies>,
}

/// What a request's credentials prove.
///
/// ```
/// use auth_core::{Refusal, Verdict};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let issuer = auth_core::testing::TestIssuer::new();
/// # let verifier = issuer.verifier();
/// # let credentials = issuer.user("ann@example.com").session_cookie(now).credentials();
/// # let find = |key: &auth_core::SessionKey| match key {
/// #     auth_core::SessionKey::Token(_) => Some(issuer.user("ann@example.com").sign_in(now)),
/// #     _ => None,
/// # };
/// let caller = match verifier.verify(&credentials, now)? {
///     Verdict::Principal(principal) => Ok(principal),
///     Verdict::Session(unconfirmed) => unconfirmed.confirm(find(unconfirmed.key()), now),
///     _ => Err(Refusal::InvalidToken(None)),
/// };
/// # assert!(matches!(caller, Err(Refusal::SessionOver(_))), "it is another session");
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// Who the caller is.
    Principal(Principal),
    /// Which session the caller has; whether it lives is to be looked up.
    Session(UnconfirmedSession),
    /// With which key the caller's token says it is signed; the key is to be looked up.
    #[cfg(feature = "josekit")]
    Jwt(UnconfirmedJwt),
    /// With which key the caller's cookie cache says it is signed; the key, or else the
    /// [session](UnconfirmedCopy::session), is to be looked up.
    #[cfg(feature = "josekit")]
    Copy(UnconfirmedCopy),
}

/// Why no verifier was made. Names settings, never their values.
///
/// ```
/// use auth_core::{Verifier, VerifierError};
///
/// let error = Verifier::from_vars([("BETTER_AUTH_URL", "https://auth.example.com")]).unwrap_err();
/// assert_eq!(error, VerifierError::Missing { name: "BETTER_AUTH_SECRET" });
/// assert_eq!(error.to_string(), "BETTER_AUTH_SECRET is not set");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifierError {
    /// A variable that is needed is not set, or empty.
    #[error("{name} is not set")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// `BETTER_AUTH_URL` is no address.
    #[error("BETTER_AUTH_URL")]
    BaseUrl(#[source] ParseBaseUrlError),
    /// `BETTER_AUTH_SECRET`, or `AUTH_SECRET` in its place, is no secret to rely on.
    #[error("BETTER_AUTH_SECRET")]
    Secret(#[source] SigningSecretError),
    /// `BETTER_AUTH_SECRETS` is malformed.
    #[error("BETTER_AUTH_SECRETS")]
    Secrets(#[source] VersionedSecretsError),
    /// The cookies' settings hold what no cookie can have.
    #[error("cookie settings")]
    Cookies(#[source] CookieSettingsError),
}

const URL: &str = "BETTER_AUTH_URL";
const SECRET: &str = "BETTER_AUTH_SECRET";
const FALLBACK_SECRET: &str = "AUTH_SECRET";
const SECRETS: &str = "BETTER_AUTH_SECRETS";
/// Where a server reads them from files, which this crate does not.
const SECRET_FILE: &str = "BETTER_AUTH_SECRET_FILE";
const SECRETS_FILE: &str = "BETTER_AUTH_SECRETS_FILE";

impl Verifier {
    /// Takes the environment, such as `std::env::vars()`, and reads Better Auth's own variables from it:
    /// `BETTER_AUTH_URL`, the address under which browsers reach the auth server, and `BETTER_AUTH_SECRET` or
    /// `BETTER_AUTH_SECRETS`. Where `BETTER_AUTH_SECRET` is not set, `AUTH_SECRET` is read. All else is as
    /// [`Verifier::new`] says.
    ///
    /// # Errors
    ///
    /// [`VerifierError`] names the variable.
    pub fn from_vars<K: AsRef<str>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, VerifierError> {
        let (mut url, mut secret, mut fallback, mut secrets) = (None, None, None, None);
        let mut is_in_a_file = false;
        for (name, value) in variables {
            match name.as_ref() {
                URL => url = Some(value.into()),
                SECRET => secret = Some(value.into()),
                FALLBACK_SECRET => fallback = Some(value.into()),
                SECRETS => secrets = Some(value.into()),
                SECRET_FILE | SECRETS_FILE => is_in_a_file |= !value.into().trim().is_empty(),
                _ => {}
            }
        }
        let given = |value: Option<String>| value.filter(|value| !value.trim().is_empty());
        let url = given(url).ok_or(VerifierError::Missing { name: URL })?;
        let url = BaseUrl::parse(&url).map_err(VerifierError::BaseUrl)?;
        // Where the server's secret is in a file, AUTH_SECRET is somebody else's.
        let is_set = is_in_a_file || secret.as_ref().is_some_and(|secret: &String| !secret.is_empty());
        let fallback = fallback.filter(|_| !is_set);
        let secret = given(secret).or_else(|| given(fallback));
        let secrets = match given(secrets) {
            Some(list) => {
                let list = VersionedSecrets::parse(&list).map_err(VerifierError::Secrets)?;
                match secret.filter(|legacy| !SigningSecret::is_reference_default(legacy)) {
                    Some(legacy) => {
                        list.with_legacy(SigningSecret::parse(legacy).map_err(VerifierError::Secret)?)
                    }
                    None => list,
                }
            }
            None => {
                let secret = secret.ok_or(VerifierError::Missing { name: SECRET })?;
                VersionedSecrets::single(SigningSecret::parse(secret).map_err(VerifierError::Secret)?)
            }
        };
        Ok(Self::new(url, secrets))
    }

    /// Takes the auth server's address and its secret, or its versioned secrets (all that clients hold is signed
    /// with the current one).
    ///
    /// Tokens are to be issued by the address's origin, without an audience. Cookies are named as Better Auth names
    /// them by default, with `__Secure-` where the address is https. A cookie cache of version `1` is taken, in
    /// whichever strategy it is written.
    pub fn new(base_url: BaseUrl, secrets: VersionedSecrets) -> Self {
        let policy = AccessTokenPolicy::new(base_url.origin());
        let cookies = default_cookies(&base_url);
        let shared = Shared {
            access: AccessTokenVerifier::new(&policy, secrets.current().clone()),
            cookies,
            caches: caches(CookieCachePolicy::DEFAULT_VERSION, &secrets),
            #[cfg(feature = "josekit")]
            cache_version: Some(CookieCachePolicy::DEFAULT_VERSION.to_owned()),
            base_url,
            secrets,
        };
        Self {
            shared: Some(shared),
            #[cfg(feature = "josekit")]
            public: None,
        }
    }

    /// Takes public keys alone, for a service without the secret: it knows callers by their tokens of the `jwt` plugin,
    /// and by no cookie unless [`with_cookie_cache_of`](Verifier::with_cookie_cache_of) says so. Keys that are not in the
    /// set are asked for, where a [`KeySource`](crate::KeySource) is set.
    #[cfg(feature = "josekit")]
    pub fn from_keys(policy: &JwtPolicy, keys: JwkSet) -> Self {
        let verifier = JwtVerifier::new(policy);
        Self { shared: None, public: Some(Public { verifier, keys, cache: None, cookies: None }) }
    }

    /// Takes tokens of the `jwt` plugin too, and cookie caches that are signed with one of these keys
    /// (`jwt({ sessionCookieCache: true })` of Better Auth).
    #[cfg(feature = "josekit")]
    #[must_use]
    pub fn with_keys(mut self, policy: &JwtPolicy, keys: JwkSet) -> Self {
        let cache = self.shared.as_ref().and_then(Shared::keyed_cache);
        self.public = Some(Public { verifier: JwtVerifier::new(policy), keys, cache, cookies: None });
        self
    }

    /// Takes, without the secret, the cookie caches of an auth server that signs them with its public keys' other halves
    /// (`jwt({ sessionCookieCache: true })` of Better Auth). The cookie alone then says who is calling, as it does to
    /// Better Auth's `getCookieCache`; nobody can tell whether the session has ended since.
    ///
    /// A browser sends cookies by itself: what changes something has to check where a request comes from.
    ///
    /// It has a meaning after [`from_keys`](Verifier::from_keys) alone, and before [`with_cookies`](Verifier::with_cookies);
    /// who has the secret takes these caches anyway.
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
        if let (None, Some(public)) = (&self.shared, &mut self.public) {
            public.cache = Some(keyed_cache(base_url, CookieCachePolicy::DEFAULT_VERSION));
            public.cookies = Some(default_cookies(base_url));
        }
        self
    }

    /// Asks access tokens for an audience (`access_token.audience` of the server).
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        if let Some(Shared { access, base_url, secrets, .. }) = &mut self.shared {
            let audience = Some(audience.into());
            let policy = AccessTokenPolicy { audience, ..AccessTokenPolicy::new(base_url.origin()) };
            *access = AccessTokenVerifier::new(&policy, secrets.current().clone());
        }
        self
    }

    /// Takes cookies of other names: a prefix, names of their own, or `__Secure-` against what the address says.
    ///
    /// # Errors
    ///
    /// [`VerifierError::Cookies`] for names that no cookie can have.
    pub fn with_cookies(mut self, settings: CookieSettings) -> Result<Self, VerifierError> {
        let cookies = SessionCookies::new(settings).map_err(VerifierError::Cookies)?;
        #[cfg(feature = "josekit")]
        if let Some(named) = self.public.as_mut().and_then(|public| public.cookies.as_mut()) {
            named.clone_from(&cookies);
        }
        if let Some(shared) = &mut self.shared {
            shared.cookies = cookies;
        }
        Ok(self)
    }

    /// Takes cookie caches of another version (`session.cookieCache.version`).
    #[must_use]
    pub fn with_cookie_cache_version(mut self, version: &str) -> Self {
        if let Some(shared) = &mut self.shared {
            shared.caches = caches(version, &shared.secrets);
            #[cfg(feature = "josekit")]
            {
                shared.cache_version = Some(version.to_owned());
            }
        }
        #[cfg(feature = "josekit")]
        if let Some(public) = &mut self.public {
            match &self.shared {
                Some(shared) => public.cache = shared.keyed_cache(),
                None => public.cache = public.cache.take().map(|cache| cache.with_version(version)),
            }
        }
        self
    }

    /// Takes no cookie cache: every session cookie is to be looked up, and a sign-out counts at once.
    #[must_use]
    pub fn without_cookie_cache(mut self) -> Self {
        if let Some(shared) = &mut self.shared {
            shared.caches.clear();
            #[cfg(feature = "josekit")]
            {
                shared.cache_version = None;
            }
        }
        #[cfg(feature = "josekit")]
        if let Some(public) = &mut self.public {
            public.cache = None;
        }
        self
    }

    /// Judges what a request shows.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] that says what is missing or wrong.
    pub fn verify(&self, credentials: &Credentials, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        match (&credentials.authorization, &self.shared) {
            (Authorization::Malformed, _) => Err(Refusal::MalformedBearer),
            (Authorization::Token(token), _) => self.verify_bearer(token.expose(), now),
            (Authorization::Absent, _) => self.verify_cookies(&credentials.cookies, now),
        }
    }

    /// Gives the session that a request's cookie names, whatever its cookie cache proves.
    pub(crate) fn cookie_session(&self, credentials: &Credentials) -> Result<UnconfirmedSession, Refusal> {
        // Without the secret nobody can name a session to be looked up.
        let shared = self.shared.as_ref().ok_or(Refusal::Unconfirmed(ShownBy::Cookie))?;
        let token = shared.read_cookie(&credentials.cookies)?;
        shared.unconfirmed(token, ShownBy::Cookie)
    }

    fn verify_bearer(&self, token: &str, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        // A compact JWS has two dots; a signed session token has one, a raw one has none.
        let is_jws = token.matches('.').count() >= 2;
        #[cfg(feature = "josekit")]
        if let Some(public) = self.public.as_ref().filter(|_| is_jws) {
            // A token under a public key names it, and ours under the secret do not.
            match (JwtVerifier::kid(token), &self.shared) {
                (Ok(kid), _) => return public.verify(kid, token, now),
                (Err(error), None) => return Err(error.into()),
                (Err(_), Some(_)) => {}
            }
        }
        let shared = self.shared.as_ref().ok_or(Refusal::InvalidToken(None))?;
        if is_jws {
            let claims = shared.access.verify(token, now)?;
            return Ok(Verdict::Principal(Principal::new(Proof::AccessToken(claims))));
        }
        let token = signed_value::read_session_token(token, shared.secrets.current())
            .ok_or(Refusal::InvalidToken(None))?;
        shared.unconfirmed(token, ShownBy::Bearer).map(Verdict::Session)
    }
}

impl Verifier {
    fn verify_cookies(&self, cookies: &RequestCookies, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        let Some(shared) = &self.shared else {
            #[cfg(feature = "josekit")]
            if let Some(public) = &self.public {
                return public.verify_cache(cookies, now);
            }
            return Err(Refusal::NoCredentials);
        };
        let token = shared.read_cookie(cookies)?;
        let Some(value) = shared.cookies.read_session_data(cookies) else {
            return shared.unconfirmed(token, ShownBy::Cookie).map(Verdict::Session);
        };
        #[cfg(feature = "josekit")]
        if let Some((cache, keys)) = self.public.as_ref().and_then(Public::cache)
            && let Ok(kid) = KeyedCookieCache::kid(&value)
        {
            return match keys.find(&kid) {
                Some(key) => shared.verdict(cache.read(&value, &token, key, now).ok(), token),
                None => {
                    let session = shared.unconfirmed(token, ShownBy::Cookie)?;
                    Ok(Verdict::Copy(UnconfirmedCopy::new(kid, value, cache, Some(session))))
                }
            };
        }
        shared.verdict(shared.read_cache(&value, &token, now), token)
    }
}

#[cfg(feature = "josekit")]
impl Public {
    /// Gives what reads cookie caches, and the keys that are known.
    fn cache(&self) -> Option<(&KeyedCookieCache, &JwkSet)> {
        self.cache.as_ref().map(|cache| (cache, &self.keys))
    }

    /// Judges a request by its cookie cache alone.
    fn verify_cache(&self, cookies: &RequestCookies, now: OffsetDateTime) -> Result<Verdict, Refusal> {
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

    fn verify(&self, kid: Kid, token: &str, now: OffsetDateTime) -> Result<Verdict, Refusal> {
        let unconfirmed = UnconfirmedJwt::new(kid, token, &self.verifier);
        match self.keys.find(unconfirmed.kid()) {
            Some(key) => unconfirmed.verify(Some(key), now).map(Verdict::Principal),
            None => Ok(Verdict::Jwt(unconfirmed)),
        }
    }
}

impl Shared {
    /// Gives the caller by what a cookie cache proved, else the session that is to be looked up.
    fn verdict(&self, cached: Option<UserSession>, token: SessionToken) -> Result<Verdict, Refusal> {
        match cached {
            Some(found) => Ok(Verdict::Principal(Principal::new(Proof::CookieCache(Box::new(found))))),
            None => self.unconfirmed(token, ShownBy::Cookie).map(Verdict::Session),
        }
    }

    fn read_cookie(&self, cookies: &RequestCookies) -> Result<SessionToken, Refusal> {
        match self.cookies.read_session_token(cookies, self.secrets.current()) {
            Some(token) => Ok(token),
            None if self.cookies.has_session_token(cookies) => Err(Refusal::ForgedCookie),
            None => Err(Refusal::NoCredentials),
        }
    }

    /// Reads a cookie cache in whichever strategy it is written; its own signature says whether it holds.
    fn read_cache(&self, value: &str, token: &SessionToken, now: OffsetDateTime) -> Option<UserSession> {
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

    /// Makes what reads cookie caches under public keys, unless none is to be taken.
    #[cfg(feature = "josekit")]
    fn keyed_cache(&self) -> Option<KeyedCookieCache> {
        self.cache_version.as_deref().map(|version| keyed_cache(&self.base_url, version))
    }

    fn unconfirmed(&self, token: SessionToken, shown_by: ShownBy) -> Result<UnconfirmedSession, Refusal> {
        let signed = signed_value::sign_session_token(&token, self.secrets.current())
            .map_err(|_unsignable| Refusal::InvalidToken(None))?;
        let cookie = format!("{}={}", self.cookies.session_token_name(), encode_uri_component(&signed));
        Ok(UnconfirmedSession::of_token(token, cookie, shown_by))
    }
}

/// Names cookies as Better Auth does by default.
fn default_cookies(base_url: &BaseUrl) -> SessionCookies {
    let cookies = CookieSettings { secure: base_url.is_https(), ..CookieSettings::default() };
    #[expect(clippy::expect_used, reason = "the defaults are names that cookies can have")]
    SessionCookies::new(cookies).expect("default cookie settings hold")
}

/// Only a writer asks for the life of a value.
#[cfg(feature = "josekit")]
fn keyed_cache(base_url: &BaseUrl, version: &str) -> KeyedCookieCache {
    KeyedCookieCache::new(base_url.origin(), MaxAge::REMOVE, version).lenient()
}

fn caches(version: &str, secrets: &VersionedSecrets) -> Vec<(CacheStrategy, CookieCache)> {
    let strategies = [
        CacheStrategy::Compact,
        CacheStrategy::Jwt,
        #[cfg(feature = "josekit")]
        CacheStrategy::Jwe,
    ];
    let cache = |strategy| {
        // Only a writer asks for its life.
        let policy = CookieCachePolicy { strategy, max_age: MaxAge::REMOVE, version: version.to_owned() };
        (strategy, CookieCache::new(policy, secrets))
    };
    strategies.into_iter().map(cache).collect()
}

/// The access token of a verdict that rests on one, to be looked up all the same.
pub(crate) fn unconfirmed_access_token(
    credentials: &Credentials,
    principal: &Principal,
) -> Option<UnconfirmedSession> {
    match (&credentials.authorization, principal.proof()) {
        (Authorization::Token(token), Proof::AccessToken(claims)) => {
            Some(UnconfirmedSession::of_access_token(claims, token.expose()))
        }
        _ => None,
    }
}
