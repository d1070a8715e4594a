//! Reads sessions, in the same way for `/get-session` and for every route that acts for a user.

use auth_core::{Refresh, Session, SessionPolicy, User, UserSession};
use auth_store::{Store, StoreError};
use time::{Duration, OffsetDateTime};

use super::cookie_cache::SessionCookieCache;
use super::credential::{Caller, Credential, KnownBy};
use super::read_flags::ReadFlags;
use crate::web::access::CookieCacheUse;

/// Reads sessions, and extends those that are due.
#[derive(Clone, Debug)]
pub(crate) struct SessionReader {
    /// The store of the sessions.
    pub(crate) store: Store,
    /// When sessions expire and when they are renewed.
    pub(crate) policy: SessionPolicy,
    /// Age from which a session is no longer fresh (`session.fresh_age`); zero: sessions are always fresh.
    pub(crate) fresh_age: Duration,
    /// Whether only `POST /get-session` writes to the row (`session.defer_refresh`).
    pub(crate) defer_refresh: bool,
}

/// The input of a read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest<'r> {
    /// The credential that the request presents.
    pub(crate) credential: &'r Credential,
    /// Whether the request has a `dont_remember` cookie with a valid signature.
    pub(crate) dont_remember: bool,
    /// The value of its cookie cache, unverified.
    pub(crate) cached: Option<&'r str>,
    /// Reads the cookie cache (`session.cookie_cache`); `None`: there is none.
    pub(crate) cookie_cache: Option<&'r SessionCookieCache>,
    /// How the route uses a valid cookie cache.
    pub(crate) cache_use: CookieCacheUse,
    /// The flags of its query.
    pub(crate) flags: ReadFlags,
}

/// Why a session is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To show it, or to act for its user.
    Read,
    /// To keep it alive: `POST /get-session`, which writes even if other reads do not.
    KeepAlive,
}

/// The result of a read.
#[derive(Debug)]
pub(crate) enum Reading {
    /// No caller: there is no valid credential, or its session or user no longer exists.
    None,
    /// No caller any more: the session ended between the read and its extension.
    EndedMeanwhile,
    /// The user of a foreign token, without a session.
    User(User),
    /// A session and its user from a cookie cache; the store was not asked.
    Cached(UserSession),
    /// A live session and its user.
    Session(LiveSession),
}

/// A session that was read and has not expired.
#[derive(Debug)]
pub(crate) struct LiveSession {
    /// The session, extended if it was due, and its user.
    pub(crate) principal: UserSession,
    /// How the caller was authenticated.
    pub(crate) known_by: KnownBy,
    /// How to update the caller's cookies.
    pub(crate) update: CookieUpdate,
    /// Whether `POST /get-session` should extend the session; `None` if the read itself may extend it.
    pub(crate) needs_refresh: Option<bool>,
}

/// How a read changes the caller's cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieUpdate {
    /// No change.
    None,
    /// The cookie cache of the request was invalid, and no new one replaces it.
    CacheMissed,
    /// The session is unchanged, and a new cookie cache can be written.
    Current,
    /// The session was extended.
    Extended,
}

/// The result of reading the cookie cache.
enum Cached {
    /// It was not read, or there was none.
    Nothing,
    Miss,
    Hit(Box<UserSession>),
}

impl SessionReader {
    /// Finds the caller of a request, without extending the session. `None` if the session or user of the
    /// credential no longer exists. An expired session is deleted, unless `defer_refresh` is on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the lookup. An outage is never reported as "not signed in".
    pub(crate) async fn find_caller(
        &self,
        credential: &Credential,
        now: OffsetDateTime,
    ) -> Result<Option<Caller>, StoreError> {
        self.find(credential, Purpose::Read, now).await
    }

    /// Reads a session, and extends it if it is due.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the lookup or the update.
    pub(crate) async fn read(
        &self,
        request: SessionRequest<'_>,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Reading, StoreError> {
        let cached = self.cached(&request, now).await;
        let cached = match (cached, request.cache_use) {
            (Cached::Hit(principal), CookieCacheUse::Trusted) => return Ok(Reading::Cached(*principal)),
            (cached, _) => cached,
        };
        let Some(Caller { user, session, known_by }) = self.find(request.credential, purpose, now).await?
        else {
            return Ok(Reading::None);
        };
        let Some(session) = session else { return Ok(Reading::User(user)) };
        let live = |session: Session, update, needs_refresh| {
            let principal = UserSession { user, session };
            Ok(Reading::Session(LiveSession { principal, known_by, update, needs_refresh }))
        };
        // A browser sends a cookie with each request if its user asked not to be remembered. For other
        // callers the session itself shows it.
        let is_unremembered = match known_by {
            KnownBy::Cookie => request.dont_remember,
            KnownBy::SessionToken | KnownBy::AccessToken | KnownBy::ForeignToken => {
                self.policy.is_unremembered(&session)
            }
        };
        match cached {
            Cached::Hit(_) => return live(session, CookieUpdate::None, None),
            Cached::Miss if is_unremembered || request.flags.disable_refresh => {
                return live(session, CookieUpdate::CacheMissed, None);
            }
            Cached::Nothing if is_unremembered || request.flags.disable_refresh => {
                return live(session, CookieUpdate::None, None);
            }
            Cached::Miss | Cached::Nothing => {}
        }
        // Only a caller that sends cookies back can use a cookie cache.
        let current = if known_by == KnownBy::Cookie { CookieUpdate::Current } else { CookieUpdate::None };
        let refresh = self.policy.refresh(&session, now);
        if !self.writes(purpose) {
            return live(session, current, Some(refresh != Refresh::NotDue));
        }
        match refresh {
            Refresh::NotDue => live(session, current, None),
            Refresh::Due { expires_at } => {
                match self.store.sessions().refresh(&session.token, expires_at, now).await? {
                    Some(session) => live(session, CookieUpdate::Extended, None),
                    None => Ok(Reading::EndedMeanwhile),
                }
            }
        }
    }

    /// Whether the user signed in recently enough. Using a session does not make it fresh.
    pub(crate) fn is_fresh(&self, session: &Session, now: OffsetDateTime) -> bool {
        self.fresh_age.is_zero() || now - session.created_at < self.fresh_age
    }

    async fn cached(&self, request: &SessionRequest<'_>, now: OffsetDateTime) -> Cached {
        let (Some(cache), Credential::Cookie(token), Some(value)) =
            (request.cookie_cache, request.credential, request.cached)
        else {
            return Cached::Nothing;
        };
        if request.cache_use == CookieCacheUse::Ignored || request.flags.disable_cookie_cache {
            return Cached::Nothing;
        }
        let read = cache.read(value, token, now).await;
        read.map_or(Cached::Miss, |principal| Cached::Hit(Box::new(principal)))
    }

    fn writes(&self, purpose: Purpose) -> bool {
        !self.defer_refresh || purpose == Purpose::KeepAlive
    }

    async fn find(
        &self,
        credential: &Credential,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Option<Caller>, StoreError> {
        let sessions = self.store.sessions();
        let (principal, known_by) = match credential {
            Credential::None | Credential::InvalidCookie | Credential::UnusableToken => return Ok(None),
            Credential::Cookie(token) => (sessions.find_by_token(token).await?, KnownBy::Cookie),
            Credential::SessionToken(token) => (sessions.find_by_token(token).await?, KnownBy::SessionToken),
            Credential::AccessToken { claims, .. } => {
                let principal = sessions.find_by_id(&claims.session_id).await?;
                (principal.filter(|principal| principal.user.id == claims.user_id), KnownBy::AccessToken)
            }
            Credential::Foreign { claims, .. } => {
                let user = self.store.users().find_by_id(&claims.user_id).await?;
                let known_by = KnownBy::ForeignToken;
                return Ok(user.map(|user| Caller { user, session: None, known_by }));
            }
        };
        let Some(UserSession { user, session }) = principal else { return Ok(None) };
        if session.is_expired(now) {
            if self.writes(purpose) {
                sessions.delete_expired(&session.token, now).await?;
            }
            return Ok(None);
        }
        Ok(Some(Caller { user, session: Some(session), known_by }))
    }
}
