//! Session lookup with the auth server's `/get-session`.

use std::time::Duration;

use auth_core::wire::read_get_session;
use auth_core::{SessionLookup, UnconfirmedSession, UserSession};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::server::{AuthServer, Connection, RequestError};

/// Highest lifetime of a cache entry: a sign-out must take effect within a minute (rule R-16).
pub const MAX_CACHE_TTL: Duration = Duration::from_secs(60);

/// A [`SessionLookup`] that requests `GET /get-session` from an auth server, with the caller's cookie or
/// access token.
///
/// It works with this project's server and with Better Auth on Node. Both accept the session cookie; only
/// this project's server accepts access tokens.
#[derive(Clone, Debug)]
pub struct HttpSessions {
    connection: Connection,
    cache: Option<Cache<CacheKey, UserSession>>,
}

/// The hash of a credential, so that the cache holds no token as a key.
type CacheKey = [u8; 32];

impl HttpSessions {
    /// Creates a lookup for this server. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`RequestError::Address`] if the address is not https or is private, and the server does not allow
    /// that; [`RequestError::Tls`] if TLS cannot be set up.
    pub fn new(server: &AuthServer) -> Result<Self, RequestError> {
        Ok(Self { connection: Connection::open(server)?, cache: None })
    }

    /// Caches found sessions for `ttl`, at most [`MAX_CACHE_TTL`], and at most `sessions` of them. The server
    /// gets fewer requests, but a sign-out takes effect up to `ttl` later. Absence of a session is never
    /// cached.
    #[must_use]
    pub fn with_cache(mut self, ttl: Duration, sessions: u64) -> Self {
        let ttl = ttl.min(MAX_CACHE_TTL);
        self.cache = Some(Cache::builder().max_capacity(sessions).time_to_live(ttl).build());
        self
    }

    /// Returns the number of cached sessions.
    pub fn cached_sessions(&self) -> u64 {
        self.cache.as_ref().map_or(0, |cache| {
            cache.run_pending_tasks();
            cache.entry_count()
        })
    }

    async fn ask(
        &self,
        session: &UnconfirmedSession,
        now: OffsetDateTime,
    ) -> Result<Option<UserSession>, RequestError> {
        let header = session.header();
        let asked = self.connection.get("get-session", Some((header.name, header.value.expose()))).await?;
        match asked {
            (status, body) if status == 200 => {
                read_get_session(&body, now).map_err(|error| RequestError::Unreadable(error.into()))
            }
            (status, _) if status == 401 => Ok(None),
            (status, _) => Err(RequestError::Status { status: status.as_u16() }),
        }
    }
}

impl SessionLookup for HttpSessions {
    type Error = RequestError;

    async fn find_session(
        &self,
        session: &UnconfirmedSession,
        now: OffsetDateTime,
    ) -> Result<Option<UserSession>, RequestError> {
        let Some(cache) = &self.cache else { return self.ask(session, now).await };
        let key: CacheKey = Sha256::digest(session.header().value.expose()).into();
        if let Some(known) = cache.get(&key) {
            return Ok(Some(known));
        }
        let found = self.ask(session, now).await?;
        if let Some(found) = &found {
            cache.insert(key, found.clone());
        }
        Ok(found)
    }
}
