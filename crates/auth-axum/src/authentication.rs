//! The authentication settings that the extractors use.

use std::fmt;
use std::sync::Arc;

use auth_core::{Authenticator, Refusal, Verifier, VerifierError};
use auth_tower::{Answer, BetterAuthAnswer};
use axum_core::response::Response;
use time::OffsetDateTime;

/// The authentication settings of a router, added with `.layer(Extension(authentication))`. Clones share
/// their contents.
#[derive(Clone)]
pub struct Authentication {
    pub(crate) inner: auth_tower::Authentication,
    pub(crate) answer: Arc<SharedAnswer>,
}

/// Builds the response to a refused request.
pub(crate) type SharedAnswer = dyn Fn(&Refusal) -> Response + Send + Sync;

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
        let answer = Arc::new(|refusal: &Refusal| BetterAuthAnswer.answer(refusal));
        Self { inner: auth_tower::Authentication::new(authenticator), answer }
    }

    /// Replaces the response to refused requests. [`Refusal::status`] is the status to send; the refusal's
    /// cause is meant for the log.
    ///
    /// ```
    /// # use auth_core::{Authenticator, testing::TestIssuer};
    /// # let authenticator = Authenticator::new(TestIssuer::new().verifier());
    /// use auth_axum::Authentication;
    /// use axum::http::StatusCode;
    /// use axum::response::IntoResponse;
    ///
    /// let authentication = Authentication::new(authenticator).on_refusal(|refusal| match refusal.status() {
    ///     403 => (StatusCode::FORBIDDEN, "not yours").into_response(),
    ///     503 => (StatusCode::SERVICE_UNAVAILABLE, "try again").into_response(),
    ///     _ => (StatusCode::UNAUTHORIZED, "sign in first").into_response(),
    /// });
    /// ```
    #[must_use]
    pub fn on_refusal(mut self, answer: impl Fn(&Refusal) -> Response + Send + Sync + 'static) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// Replaces the system clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.inner = self.inner.with_clock(clock);
        self
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication").field("inner", &self.inner).finish_non_exhaustive()
    }
}
