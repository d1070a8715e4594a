//! The authenticator together with its clock.

use std::fmt;
use std::sync::Arc;

use auth_core::{Authenticator, Credentials, Verifier, VerifierError};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use time::OffsetDateTime;

/// Authenticates the caller of a request. Clones share their contents.
#[derive(Clone)]
pub struct Authentication {
    authenticator: Authenticator,
    clock: Arc<Clock>,
}

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

    /// Uses this authenticator and the system clock.
    pub fn new(authenticator: Authenticator) -> Self {
        Self { authenticator, clock: Arc::new(system_time) }
    }

    /// Replaces the system clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the authenticator.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Reads the clock.
    pub fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// Reads the credentials from a request's headers.
    pub fn read(headers: &HeaderMap) -> Credentials {
        let lines = |name| headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes);
        Credentials::read(lines(AUTHORIZATION), lines(COOKIE))
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication").field("authenticator", &self.authenticator).finish_non_exhaustive()
    }
}

#[expect(clippy::disallowed_methods, reason = "a request's time is read here, once")]
fn system_time() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
