//! Public keys, read from the auth server's `/jwks`.

use auth_core::{JwkSet, KeySource, Kid, VerificationKey};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::server::{AuthServer, Connection, RequestError};

/// A [`KeySource`] that reads an auth server's key set: on first use, when a token has an unknown key id, and
/// when the set is an hour old.
///
/// - Key ids come from callers, who could send many unknown ones. The server therefore gets at most one
///   request per [`HttpKeys::MIN_INTERVAL`].
/// - The last set remains in use while the server does not respond. An unknown key id is then an error and
///   not an invalid token, because the key may be new.
/// - Concurrent lookups share one request.
///
/// ```no_run
/// use auth_client::{AuthServer, HttpKeys};
/// use auth_core::{Authenticator, JwkSet, JwtPolicy, Verifier};
///
/// # fn make() -> Result<Authenticator, Box<dyn std::error::Error>> {
/// let server = AuthServer::new("https://auth.example.com/api/auth")?;
/// let verifier = Verifier::from_keys(&JwtPolicy::new("https://auth.example.com"), JwkSet::default());
/// let authenticator = Authenticator::new(verifier).with_key_source(HttpKeys::new(&server)?);
/// # Ok(authenticator)
/// # }
/// ```
#[derive(Debug)]
pub struct HttpKeys {
    connection: Connection,
    path: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last key set, and when it was read.
    read: Option<(JwkSet, OffsetDateTime)>,
    /// When the last request was sent, and whether it succeeded.
    asked: Option<(OffsetDateTime, bool)>,
}

impl HttpKeys {
    /// Shortest time between two requests.
    pub const MIN_INTERVAL: Duration = Duration::seconds(30);

    /// Age at which a set is read again, so that withdrawn keys are dropped.
    pub const MAX_AGE: Duration = Duration::hours(1);

    /// Creates a source for `jwks` below the server's address. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`RequestError::Address`] if the address is not https or is private, and the server does not allow
    /// that; [`RequestError::Tls`] if TLS cannot be set up.
    pub fn new(server: &AuthServer) -> Result<Self, RequestError> {
        Ok(Self { connection: Connection::open(server)?, path: "jwks".to_owned(), state: Mutex::default() })
    }

    /// Sets another path of the key set, relative to the server's address (`jwks.jwksPath`).
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        self.path = path.trim_start_matches('/').to_owned();
        self
    }

    async fn read(&self) -> Result<JwkSet, RequestError> {
        match self.connection.get(&self.path, None).await? {
            (status, body) if status == 200 => {
                JwkSet::parse(&body).map_err(|error| RequestError::Unreadable(error.into()))
            }
            (status, _) => Err(RequestError::Status { status: status.as_u16() }),
        }
    }
}

impl State {
    fn find(&self, kid: &Kid) -> Option<VerificationKey> {
        self.read.as_ref().and_then(|(set, _)| set.find(kid)).cloned()
    }

    fn is_current(&self, now: OffsetDateTime) -> bool {
        self.read.as_ref().is_some_and(|(_, at)| (now - *at).abs() < HttpKeys::MAX_AGE)
    }
}

impl KeySource for HttpKeys {
    type Error = RequestError;

    async fn find_key(
        &self,
        kid: &Kid,
        now: OffsetDateTime,
    ) -> Result<Option<VerificationKey>, RequestError> {
        let mut state = self.state.lock().await;
        let known = state.find(kid);
        if known.is_some() && state.is_current(now) {
            return Ok(known);
        }
        // `abs`: after the clock is set back, the wait is still at most the interval.
        let just_asked = state.asked.filter(|(at, _)| (now - *at).abs() < Self::MIN_INTERVAL);
        match just_asked {
            Some((_, true)) => return Ok(known),
            Some((_, false)) => return known.map_or(Err(RequestError::NoAnswerYet), |key| Ok(Some(key))),
            None => {}
        }
        let read = self.read().await;
        state.asked = Some((now, read.is_ok()));
        match read {
            Ok(set) => {
                state.read = Some((set, now));
                Ok(state.find(kid))
            }
            Err(error) => known.map_or(Err(error), |key| Ok(Some(key))),
        }
    }
}
