//! A verifier and the places it may ask.

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

/// Says who a request acts as: by what the request itself proves, and by looking up what it does not.
///
/// Clones share the verifier and the lookups. It does no I/O of its own and knows no runtime: what it awaits is what
/// its lookups await.
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
    /// How long after signing in a user need not do it again, unless [`Authenticator::with_fresh_age`] says otherwise
    /// (`session.freshAge` of Better Auth).
    pub const DEFAULT_FRESH_AGE: Duration = Duration::days(1);

    /// Takes a verifier. Without a lookup, session cookies count where a cookie cache stands beside them.
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

    /// Looks sessions up here that a request names and does not prove.
    #[must_use]
    pub fn with_sessions(mut self, sessions: impl SessionLookup + 'static) -> Self {
        self.sessions = Some(Arc::new(sessions));
        self
    }

    /// Asks here for public keys that the verifier does not know.
    #[cfg(feature = "josekit")]
    #[must_use]
    pub fn with_key_source(mut self, keys: impl KeySource + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Looks up every session, also those that a token or a copy proves: one lookup a request, and a sign-out counts
    /// at once. Tokens of the `jwt` plugin name no session, so they are refused.
    #[must_use]
    pub fn confirming_all(mut self) -> Self {
        self.confirms_all = true;
        self
    }

    /// Sets how long after signing in a user need not do it again for what asks for a fresh session.
    #[must_use]
    pub fn with_fresh_age(mut self, age: Duration) -> Self {
        self.fresh_age = age;
        self
    }

    /// Gives the verifier.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Says who a request acts as.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; [`Refusal::Unavailable`] where the lookup failed, and then it is unknown whether the
    /// caller is signed in.
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
            Verdict::Copy(unconfirmed) => self.find_copy(&unconfirmed, now).await,
        }
    }

    /// Says who a request acts as, by a session that is looked up whatever the request proves: for what changes
    /// something and must not rest on a copy (rule R-25).
    ///
    /// # Errors
    ///
    /// As [`Authenticator::authenticate`], and [`Refusal::Unconfirmed`] where there is no lookup.
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

    /// Says who a request acts as, if they signed in a short while ago, by a session that is looked up.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::authenticate`], and [`Refusal::NotFresh`] where the sign-in is longer ago, or where there is
    /// no lookup to ask.
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

    /// Asks for the key of a copy; where the copy does not hold, or the key is unknown, for the session
    /// itself.
    #[cfg(feature = "josekit")]
    async fn find_copy(
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

/// A [`KeySource`] of whatever type.
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

/// A [`SessionLookup`] of whatever type, so that an [`Authenticator`] has one type whatever it asks.
trait AnyLookup: Send + Sync {
    fn find<'l>(&'l self, session: &'l UnconfirmedSession, now: OffsetDateTime) -> Found<'l>;
}

impl<L: SessionLookup> AnyLookup for L {
    fn find<'l>(&'l self, session: &'l UnconfirmedSession, now: OffsetDateTime) -> Found<'l> {
        Box::pin(async move { self.find_session(session, now).await.map_err(Into::into) })
    }
}
