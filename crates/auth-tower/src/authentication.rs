//! What says who is calling, with the clock it needs.

use std::fmt;
use std::sync::Arc;

use auth_core::{Authenticator, Credentials, Verifier, VerifierError};
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use time::OffsetDateTime;

/// What says who is calling. Clones share everything.
#[derive(Clone)]
pub struct Authentication {
    authenticator: Authenticator,
    clock: Arc<Clock>,
}

type Clock = dyn Fn() -> OffsetDateTime + Send + Sync;

impl Authentication {
    /// Reads `BETTER_AUTH_URL` and `BETTER_AUTH_SECRET` or `BETTER_AUTH_SECRETS` from the environment, as
    /// [`Verifier::from_os_vars`] does, and looks nothing up.
    ///
    /// # Errors
    ///
    /// [`VerifierError`] names the variable.
    pub fn from_env() -> Result<Self, VerifierError> {
        Verifier::from_os_vars(std::env::vars_os()).map(Authenticator::new).map(Self::new)
    }

    /// Takes what judges requests; the time is the system's.
    pub fn new(authenticator: Authenticator) -> Self {
        Self { authenticator, clock: Arc::new(system_time) }
    }

    /// Takes the time from elsewhere, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Gives what judges requests.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Reads the clock.
    pub fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// Reads what a request's headers show.
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
