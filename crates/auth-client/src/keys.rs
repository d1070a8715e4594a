//! Public keys, as the auth server's `/jwks` gives them.

use auth_core::{JwkSet, KeySource, Kid, VerificationKey};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::server::{AuthServer, Connection, RequestError};

/// Asks an auth server for its key set: on first use, when a token names a key that is not known, and when the set is
/// an hour old.
///
/// - Names come from callers, so they make it ask once in [`HttpKeys::MIN_INTERVAL`] at most, however many are unknown.
/// - A set that was read stays in use while the server does not answer. A name that is unknown then is an outage, and
///   not an invalid token: the key may be new.
/// - Requests at once share one question.
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
    /// What was read last, and when.
    read: Option<(JwkSet, OffsetDateTime)>,
    /// When the server was last asked, and whether it answered.
    asked: Option<(OffsetDateTime, bool)>,
}

impl HttpKeys {
    /// Shortest time between two questions.
    pub const MIN_INTERVAL: Duration = Duration::seconds(30);

    /// Age from which a set is read anew, so that a key that was withdrawn is dropped.
    pub const MAX_AGE: Duration = Duration::hours(1);

    /// Takes the server; connects to nothing yet. The set is at `jwks` below the server's address.
    ///
    /// # Errors
    ///
    /// [`RequestError::Address`] where the address is not https or is private and neither is allowed,
    /// [`RequestError::Tls`] where TLS cannot be set up.
    pub fn new(server: &AuthServer) -> Result<Self, RequestError> {
        Ok(Self { connection: Connection::open(server)?, path: "jwks".to_owned(), state: Mutex::default() })
    }

    /// Reads the set elsewhere below the server's address (`jwks.jwksPath`).
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
        // A clock that was set back does not silence it.
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
