//! A verifier together with its optional session and key lookups.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::credentials::Credentials;
#[cfg(feature = "josekit")]
use crate::jwks::{Kid, VerificationKey};
#[cfg(feature = "josekit")]
use crate::key_source::{KeySource, UnconfirmedCopy, UnconfirmedJwt};
use crate::lookup::{SessionLookup, UnconfirmedSession};
use crate::principal::{Principal, Proof};
use crate::refusal::Refusal;
#[cfg(feature = "josekit")]
use crate::refusal::ShownBy;
use crate::user_session::UserSession;
use crate::verifier::{Verdict, Verifier};

/// Authenticates requests: verifies what the request itself proves, and looks up the rest.
///
/// Clones share the verifier and the lookups. The authenticator does no I/O of its own and needs no
/// particular async runtime: it awaits only its lookups.
///
/// ```
/// use auth_core::{Authenticator, Credentials, Verifier};
///
/// # let variables = [
/// #     ("BETTER_AUTH_URL", "https://auth.example.com"),
/// #     ("BETTER_AUTH_SECRET", "an example secret of 48 characters, or some such"),
/// # ];
/// let authenticator = Authenticator::new(Verifier::from_vars(variables)?);
///
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// # let request = async {
/// let credentials = Credentials::read([], []);
/// let refusal = authenticator.authenticate(&credentials, now).await.unwrap_err();
/// assert_eq!(refusal.status(), 401);
/// # };
/// # let mut request = std::pin::pin!(request);
/// # let waker = std::task::Waker::noop();
/// # assert!(std::future::Future::poll(request.as_mut(), &mut std::task::Context::from_waker(waker)).is_ready());
/// # Ok::<(), auth_core::VerifierError>(())
/// ```
#[derive(Clone)]
pub struct Authenticator {
    verifier: Arc<Verifier>,
    sessions: Option<Arc<dyn AnyLookup>>,
    #[cfg(feature = "josekit")]
    keys: Option<Arc<dyn AnyKeySource>>,
    confirms_all: bool,
    fresh_age: Duration,
}

impl Authenticator {
    /// Default age up to which a session is fresh (`session.freshAge` of Better Auth).
    /// [`Authenticator::with_fresh_age`] sets another one.
    pub const DEFAULT_FRESH_AGE: Duration = Duration::days(1);

    /// Creates an authenticator without lookups. It then accepts a session cookie only with a cookie cache
    /// beside it.
    pub fn new(verifier: Verifier) -> Self {
        Self {
            verifier: Arc::new(verifier),
            sessions: None,
            #[cfg(feature = "josekit")]
            keys: None,
            confirms_all: false,
            fresh_age: Self::DEFAULT_FRESH_AGE,
        }
    }

    /// Sets the lookup for sessions that a request names but does not prove.
    #[must_use]
    pub fn with_sessions(mut self, sessions: impl SessionLookup + 'static) -> Self {
        self.sessions = Some(Arc::new(sessions));
        self
    }

    /// Sets the source of public keys that the verifier does not know.
    #[cfg(feature = "josekit")]
    #[must_use]
    pub fn with_key_source(mut self, keys: impl KeySource + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Looks up every session, even if a token or a cookie cache proves it. This costs one lookup per
    /// request, and a sign-out takes effect at once. Tokens of the `jwt` plugin name no session, so they are
    /// refused.
    #[must_use]
    pub fn confirming_all(mut self) -> Self {
        self.confirms_all = true;
        self
    }

    /// Sets the age up to which a session is fresh, for [`Authenticator::authenticate_fresh`].
    #[must_use]
    pub fn with_fresh_age(mut self, age: Duration) -> Self {
        self.fresh_age = age;
        self
    }

    /// Returns the verifier.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Authenticates a request.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]. After [`Refusal::Unavailable`], a failed lookup, it is unknown whether the caller is
    /// signed in.
    pub async fn authenticate(
        &self,
        credentials: &Credentials,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        if self.confirms_all {
            return self.confirm(credentials, now).await;
        }
        match self.verifier.verify(credentials, now)? {
            Verdict::Principal(principal) => Ok(principal),
            Verdict::Session(unconfirmed) => self.look_up(&unconfirmed, now).await,
            #[cfg(feature = "josekit")]
            Verdict::Jwt(unconfirmed) => self.find_key(&unconfirmed, now).await,
            #[cfg(feature = "josekit")]
            Verdict::Copy(unconfirmed) => self.find_in_cookie_cache(&unconfirmed, now).await,
        }
    }

    /// Authenticates a request by a session lookup, whatever the request itself proves. For requests that
    /// change something and must not rely on a cached copy (rule R-25).
    ///
    /// # Errors
    ///
    /// Those of [`Authenticator::authenticate`], and [`Refusal::Unconfirmed`] if there is no lookup.
    pub async fn confirm(
        &self,
        credentials: &Credentials,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        let unconfirmed = match self.verifier.verify(credentials, now)? {
            Verdict::Session(unconfirmed) => unconfirmed,
            Verdict::Principal(principal) => match principal.proof() {
                Proof::Session(_) => return Ok(principal),
                Proof::AccessToken(claims) => Verifier::access_token_session(credentials, claims)?,
                Proof::CookieCache(_) => self.verifier.cookie_session(credentials)?,
                #[cfg(feature = "josekit")]
                Proof::Jwt(_) => return Err(Refusal::Unconfirmed(ShownBy::Bearer)),
            },
            #[cfg(feature = "josekit")]
            Verdict::Jwt(_) => return Err(Refusal::Unconfirmed(ShownBy::Bearer)),
            #[cfg(feature = "josekit")]
            Verdict::Copy(copy) => copy.session().cloned().ok_or(Refusal::Unconfirmed(ShownBy::Cookie))?,
        };
        self.look_up(&unconfirmed, now).await
    }

    /// Authenticates a request by a session lookup and requires a recent sign-in.
    ///
    /// # Errors
    ///
    /// Those of [`Authenticator::authenticate`], and [`Refusal::NotFresh`] if the sign-in is too long ago or
    /// there is no session lookup.
    pub async fn authenticate_fresh(
        &self,
        credentials: &Credentials,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        let principal = match &self.sessions {
            Some(_) => self.confirm(credentials, now).await?,
            None => self.authenticate(credentials, now).await?,
        };
        if principal.is_fresh(self.fresh_age, now) { Ok(principal) } else { Err(Refusal::NotFresh) }
    }

    #[cfg(feature = "josekit")]
    async fn find_key(
        &self,
        unconfirmed: &UnconfirmedJwt,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        let found = match &self.keys {
            Some(keys) => keys.find(unconfirmed.kid(), now).await.map_err(Refusal::Unavailable)?,
            None => None,
        };
        unconfirmed.verify(found.as_ref(), now)
    }

    /// Looks up the key of a signed cookie cache. If the key is not found or the cookie cache does not
    /// verify, the session is looked up instead.
    #[cfg(feature = "josekit")]
    async fn find_in_cookie_cache(
        &self,
        unconfirmed: &UnconfirmedCopy,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        let found = match &self.keys {
            Some(keys) => keys.find(unconfirmed.kid(), now).await.map_err(Refusal::Unavailable),
            None => Ok(None),
        };
        let judged = found.and_then(|key| unconfirmed.verify(key.as_ref(), now));
        match (judged, unconfirmed.session()) {
            (Err(_), Some(session)) if self.sessions.is_some() => self.look_up(session, now).await,
            (judged, _) => judged,
        }
    }

    async fn look_up(
        &self,
        unconfirmed: &UnconfirmedSession,
        now: OffsetDateTime,
    ) -> Result<Principal, Refusal> {
        let sessions = self.sessions.as_ref().ok_or(Refusal::Unconfirmed(unconfirmed.shown_by()))?;
        let found = sessions.find(unconfirmed, now).await.map_err(Refusal::Unavailable)?;
        unconfirmed.confirm(found, now)
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("verifier", &self.verifier)
            .field("has_sessions", &self.sessions.is_some())
            .field("confirms_all", &self.confirms_all)
            .field("fresh_age", &self.fresh_age)
            .finish()
    }
}

type Found<'l> = Pin<Box<dyn Future<Output = Result<Option<UserSession>, LookupError>> + Send + 'l>>;
type LookupError = Box<dyn std::error::Error + Send + Sync>;

/// Object-safe form of [`KeySource`].
#[cfg(feature = "josekit")]
trait AnyKeySource: Send + Sync {
    fn find<'l>(&'l self, kid: &'l Kid, now: OffsetDateTime) -> FoundKey<'l>;
}

#[cfg(feature = "josekit")]
type FoundKey<'l> = Pin<Box<dyn Future<Output = Result<Option<VerificationKey>, LookupError>> + Send + 'l>>;

#[cfg(feature = "josekit")]
impl<K: KeySource> AnyKeySource for K {
    fn find<'l>(&'l self, kid: &'l Kid, now: OffsetDateTime) -> FoundKey<'l> {
        Box::pin(async move { self.find_key(kid, now).await.map_err(Into::into) })
    }
}

/// Object-safe form of [`SessionLookup`], so that [`Authenticator`] needs no type parameter.
trait AnyLookup: Send + Sync {
    fn find<'l>(&'l self, session: &'l UnconfirmedSession, now: OffsetDateTime) -> Found<'l>;
}

impl<L: SessionLookup> AnyLookup for L {
    fn find<'l>(&'l self, session: &'l UnconfirmedSession, now: OffsetDateTime) -> Found<'l> {
        Box::pin(async move { self.find_session(session, now).await.map_err(Into::into) })
    }
}
