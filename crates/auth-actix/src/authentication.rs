//! The authentication settings that the extractors use.

use std::fmt;
use std::sync::Arc;

use actix_web::HttpResponse;
use auth_core::{Authenticator, Refusal, Verifier, VerifierError};
use time::OffsetDateTime;

/// The authentication settings of an app, registered with `app_data`. Clones share their contents.
#[derive(Clone)]
pub struct Authentication {
    pub(crate) authenticator: Authenticator,
    pub(crate) answer: Arc<Answer>,
    clock: Arc<Clock>,
}

/// Builds the response to a refused request.
pub(crate) type Answer = dyn Fn(&Refusal) -> HttpResponse + Send + Sync;

type Clock = dyn Fn() -> OffsetDateTime + Send + Sync;

impl Authentication {
    /// Reads `BETTER_AUTH_URL` and `BETTER_AUTH_SECRET` or `BETTER_AUTH_SECRETS` from the environment, as
    /// [`Verifier::from_os_vars`] does. Sessions are not looked up.
    ///
    /// # Errors
    ///
    /// [`VerifierError`] if a variable is missing or invalid; it names the variable.
    pub fn from_env() -> Result<Self, VerifierError> {
        Verifier::from_os_vars(std::env::vars_os()).map(Authenticator::new).map(Self::new)
    }

    /// Uses this authenticator. Refusals have Better Auth's shape, and the clock is the system's.
    pub fn new(authenticator: Authenticator) -> Self {
        Self { authenticator, answer: Arc::new(better_auth_answer), clock: Arc::new(system_time) }
    }

    /// Replaces the response to refused requests. [`Refusal::status`] is the status to send; the refusal's
    /// cause is meant for the log.
    ///
    /// ```
    /// # use auth_core::{Authenticator, testing::TestIssuer};
    /// # let authenticator = Authenticator::new(TestIssuer::new().verifier());
    /// use actix_web::HttpResponse;
    /// use auth_actix::Authentication;
    ///
    /// let authentication = Authentication::new(authenticator).on_refusal(|refusal| match refusal.status() {
    ///     403 => HttpResponse::Forbidden().body("not yours"),
    ///     503 => HttpResponse::ServiceUnavailable().body("try again"),
    ///     _ => HttpResponse::Unauthorized().body("sign in first"),
    /// });
    /// ```
    #[must_use]
    pub fn on_refusal(mut self, answer: impl Fn(&Refusal) -> HttpResponse + Send + Sync + 'static) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// Replaces the system clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication").field("authenticator", &self.authenticator).finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "a request's time is read here, once for each extractor")]
fn system_time() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn better_auth_answer(refusal: &Refusal) -> HttpResponse {
    use actix_web::http::StatusCode;
    use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};

    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((CONTENT_TYPE, "application/json")).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(challenge) = refusal.www_authenticate() {
        answer.insert_header((WWW_AUTHENTICATE, challenge));
    }
    answer.body(refusal.body())
}
