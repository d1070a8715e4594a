//! For tests of services: users with the credentials that a real auth server would issue.
//!
//! ```
//! use auth_core::testing::TestIssuer;
//!
//! let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
//! let issuer = TestIssuer::new();
//! let ann = issuer.user("ann@example.com").with_role("admin");
//!
//! let (name, value) = ann.access_token(now).header();
//! assert_eq!(name, "authorization");
//! assert!(value.starts_with("Bearer "));
//!
//! // The service under test is made of `issuer.verifier()` in place of `Verifier::from_vars`.
//! let verdict = issuer.verifier().verify(&ann.cached_cookie(now).credentials(), now)?;
//! # let auth_core::Verdict::Principal(principal) = verdict else { panic!() };
//! # assert!(principal.has_role("admin"));
//! # Ok::<(), auth_core::Refusal>(())
//! ```
//!
//! The secret is random for each [`TestIssuer`], so its credentials are not valid anywhere else. [`counts`]
//! counts the operations that a request should do only once. [`cases`] is for crates that integrate a web
//! framework, [`credential_order`] for code that reads credentials from requests.

pub mod cases;
pub mod counts;
pub mod credential_order;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::access_token::{AccessTokenIssuer, AccessTokenPolicy};
use crate::additional::{AdditionalValues, FieldValue, Visibility};
use crate::base_url::BaseUrl;
use crate::cookie::{CookieSettings, MaxAge, SessionCookies, SetCookie};
use crate::cookie_cache::{CacheStrategy, CookieCache, CookieCachePolicy};
use crate::credentials::Credentials;
use crate::email::Email;
use crate::id::{SessionId, UserId};
use crate::lookup::{SessionKey, SessionLookup, UnconfirmedSession};
use crate::random::random_alphanumeric;
use crate::session::{Remember, Session};
use crate::session_token::SessionToken;
use crate::signing_secret::{SigningSecret, VersionedSecrets};
use crate::user::User;
use crate::user_session::UserSession;
use crate::verifier::Verifier;

/// The base URL of the auth server that a [`TestIssuer`] simulates.
///
/// ```
/// use auth_core::{BaseUrl, testing};
///
/// let url = BaseUrl::parse(testing::BASE_URL)?;
/// assert!(url.is_https(), "so the cookies of tests have `__Secure-` before their names");
/// # Ok::<(), auth_core::ParseBaseUrlError>(())
/// ```
pub const BASE_URL: &str = "https://auth.example.com";

/// Simulates an auth server: has a random secret, and the sessions of the users that it creates.
///
/// Credentials of another server are refused:
///
/// ```
/// use auth_core::testing::TestIssuer;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// let (ours, theirs) = (TestIssuer::new(), TestIssuer::new());
/// let stranger = theirs.user("eve@example.com").access_token(now);
/// assert!(theirs.verifier().verify(&stranger.credentials(), now).is_ok());
/// assert!(ours.verifier().verify(&stranger.credentials(), now).is_err());
/// ```
#[derive(Clone, Debug)]
pub struct TestIssuer {
    base_url: BaseUrl,
    secrets: VersionedSecrets,
    sessions: TestSessions,
}

impl Default for TestIssuer {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::expect_used, reason = "for tests; what is expected is a constant or made right here")]
impl TestIssuer {
    /// Creates an issuer with a random secret.
    pub fn new() -> Self {
        let secret = SigningSecret::parse(random_alphanumeric(&mut rand::rng(), 48)).expect("random text");
        Self {
            base_url: BaseUrl::parse(BASE_URL).expect("a constant"),
            secrets: VersionedSecrets::single(secret),
            sessions: TestSessions::default(),
        }
    }

    /// Returns the verifier of a service that shares the secret.
    pub fn verifier(&self) -> Verifier {
        Verifier::new(self.base_url.clone(), self.secrets.clone())
    }

    /// Returns a lookup that finds the sessions of this issuer's users until they sign out.
    pub fn sessions(&self) -> TestSessions {
        self.sessions.clone()
    }

    /// Creates a user with a verified address.
    ///
    /// # Panics
    ///
    /// If the text is not an e-mail address.
    pub fn user(&self, email: &str) -> TestUser {
        let email = Email::parse(email).expect("an e-mail address");
        let user = User {
            id: UserId::generate(&mut rand::rng()),
            name: email.local_part().to_owned(),
            email,
            email_verified: true,
            image: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            additional: AdditionalValues::default(),
        };
        TestUser { issuer: self.clone(), user }
    }

    fn cookies(&self) -> SessionCookies {
        let settings = CookieSettings { secure: self.base_url.is_https(), ..CookieSettings::default() };
        SessionCookies::new(settings).expect("defaults")
    }
}

/// A user of a [`TestIssuer`]. Each new credential starts a session of its own.
///
/// ```
/// use auth_core::testing::TestIssuer;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// let ann = TestIssuer::new().user("ann@example.com").with_role("admin");
/// let (_phone, _laptop) = (ann.session_token(now), ann.session_cookie(now));
/// assert_eq!(ann.sessions().len(), 2);
/// ann.sign_out();
/// assert_eq!(ann.sessions().len(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct TestUser {
    issuer: TestIssuer,
    user: User,
}

#[expect(clippy::expect_used, reason = "for tests; what is expected is a constant or made right here")]
impl TestUser {
    /// Sets the `role` field, a comma-separated list.
    #[must_use]
    pub fn with_role(mut self, role: &str) -> Self {
        self.user.additional.set("role".into(), FieldValue::Text(role.to_owned()), Visibility::Returned);
        self
    }

    /// Returns the user.
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Signs in at `now`, for seven days.
    pub fn sign_in(&self, now: OffsetDateTime) -> UserSession {
        let rng = &mut rand::rng();
        let now = crate::wire::to_milliseconds(now);
        let session = Session {
            id: SessionId::generate(rng),
            token: SessionToken::generate(rng),
            user_id: self.user.id.clone(),
            expires_at: now + Duration::days(7),
            created_at: now,
            updated_at: now,
            ip_address: None,
            user_agent: None,
            additional: AdditionalValues::default(),
        };
        let signed_in = UserSession { user: self.user.clone(), session };
        self.issuer.sessions.lock().push(signed_in.clone());
        signed_in
    }

    /// Lists the user's sessions, for a service with its own store.
    pub fn sessions(&self) -> Vec<Session> {
        let all = self.issuer.sessions.lock();
        all.iter().filter(|known| known.user.id == self.user.id).map(|known| known.session.clone()).collect()
    }

    /// Ends all sessions of the user.
    pub fn sign_out(&self) {
        self.issuer.sessions.lock().retain(|known| known.user.id != self.user.id);
    }

    /// Creates an access token that is valid for an hour.
    pub fn access_token(&self, now: OffsetDateTime) -> TestCredential {
        let policy = AccessTokenPolicy::new(self.issuer.base_url.origin());
        let issuer = AccessTokenIssuer::new(policy, self.issuer.secrets.current().clone());
        let issued = issuer.issue(&self.sign_in(now), now, &mut rand::rng()).expect("a live session");
        TestCredential { name: "authorization", value: format!("Bearer {}", issued.token.expose()) }
    }

    /// Creates a raw session token in a bearer header.
    pub fn session_token(&self, now: OffsetDateTime) -> TestCredential {
        let signed_in = self.sign_in(now);
        TestCredential {
            name: "authorization",
            value: format!("Bearer {}", signed_in.session.token.expose()),
        }
    }

    /// Creates a session cookie without a cookie cache, so that a service must look up the session.
    pub fn session_cookie(&self, now: OffsetDateTime) -> TestCredential {
        let value = pair(&self.cookie(&self.sign_in(now)));
        TestCredential { name: "cookie", value }
    }

    /// Creates a session cookie with a cookie cache that is valid for five minutes.
    pub fn cached_cookie(&self, now: OffsetDateTime) -> TestCredential {
        let signed_in = self.sign_in(now);
        let policy = CookieCachePolicy {
            strategy: CacheStrategy::Compact,
            max_age: MaxAge::new(CookieCachePolicy::DEFAULT_MAX_AGE).expect("a constant"),
            version: CookieCachePolicy::DEFAULT_VERSION.to_owned(),
        };
        let cache = CookieCache::new(policy, &self.issuer.secrets);
        let cached = cache
            .write(&signed_in, Remember::Persistent, now, &mut rand::rng())
            .expect("a session that becomes JSON");
        let mut pairs = vec![pair(&self.cookie(&signed_in))];
        pairs.extend(self.issuer.cookies().session_data(&cached, &Default::default()).iter().map(pair));
        TestCredential { name: "cookie", value: pairs.join("; ") }
    }

    fn cookie(&self, signed_in: &UserSession) -> SetCookie {
        let secret = self.issuer.secrets.current();
        self.issuer
            .cookies()
            .session_token(&signed_in.session.token, None, secret)
            .expect("a token of our own alphabet")
    }
}

/// Returns the `name=value` of a `Set-Cookie` line.
fn pair(cookie: &SetCookie) -> String {
    cookie.as_str().split(';').next().unwrap_or_default().to_owned()
}

/// A header line that authenticates a caller.
///
/// ```
/// use auth_core::testing::TestIssuer;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// let cookie = TestIssuer::new().user("ann@example.com").session_cookie(now);
/// let (name, value) = cookie.header();
/// let request = format!("GET /orders HTTP/1.1\r\nhost: example.com\r\n{name}: {value}\r\n\r\n");
/// assert!(request.contains("\r\ncookie: __Secure-better-auth.session_token="));
/// ```
#[derive(Clone, Debug)]
pub struct TestCredential {
    name: &'static str,
    value: String,
}

impl TestCredential {
    /// Returns name and value, as request builders take them.
    pub fn header(&self) -> (&'static str, String) {
        (self.name, self.value.clone())
    }

    /// Returns the value alone.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the credentials that a service reads from a request with this line.
    pub fn credentials(&self) -> Credentials {
        let line = [self.value.as_bytes()];
        if self.name == "cookie" { Credentials::read([], line) } else { Credentials::read(line, []) }
    }
}

/// The sessions of a [`TestIssuer`]'s users, as a [`SessionLookup`].
///
/// ```
/// use auth_core::{Authenticator, Refusal, testing::TestIssuer};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// let issuer = TestIssuer::new();
/// let authenticator = Authenticator::new(issuer.verifier()).with_sessions(issuer.sessions());
/// let ann = issuer.user("ann@example.com");
/// let cookie = ann.session_cookie(now).credentials();
/// # let request = async {
/// assert!(authenticator.authenticate(&cookie, now).await.is_ok());
/// ann.sign_out();
/// assert!(matches!(authenticator.authenticate(&cookie, now).await, Err(Refusal::SessionOver(_))));
/// # };
/// # let mut request = std::pin::pin!(request);
/// # let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert!(std::future::Future::poll(request.as_mut(), &mut context).is_ready());
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestSessions(Arc<State>);

#[derive(Debug, Default)]
struct State {
    sessions: Mutex<Vec<UserSession>>,
    is_out: AtomicBool,
}

/// The error of a lookup after [`TestSessions::break_down`].
///
/// ```
/// use auth_core::testing::TestOutage;
///
/// assert_eq!(TestOutage.to_string(), "sessions are away, as the test asked");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sessions are away, as the test asked")]
pub struct TestOutage;

impl TestSessions {
    /// Makes every lookup fail from now on, like an unavailable database.
    pub fn break_down(&self) {
        self.0.is_out.store(true, Ordering::Relaxed);
    }

    /// Returns an independent copy of the sessions. Later changes to one do not affect the other.
    fn copy(&self) -> Self {
        let is_out = AtomicBool::new(self.0.is_out.load(Ordering::Relaxed));
        Self(Arc::new(State { sessions: Mutex::new(self.lock().clone()), is_out }))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UserSession>> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionLookup for TestSessions {
    type Error = TestOutage;

    async fn find_session(
        &self,
        session: &UnconfirmedSession,
        _now: OffsetDateTime,
    ) -> Result<Option<UserSession>, TestOutage> {
        if self.0.is_out.load(Ordering::Relaxed) {
            return Err(TestOutage);
        }
        let is_asked_for = |known: &&UserSession| match session.key() {
            SessionKey::Token(token) => known.session.token.constant_time_eq(token),
            SessionKey::Id { session_id, .. } => known.session.id == *session_id,
        };
        Ok(self.lock().iter().find(is_asked_for).cloned())
    }
}
