//! Reading a session: one way, for `/get-session` and for every route that acts for a user.

use auth_core::{Refresh, Session, SessionPolicy, User, UserSession};
use auth_store::{Store, StoreError};
use time::{Duration, OffsetDateTime};

use super::cookie_cache::SessionCookieCache;
use super::credential::{Caller, Credential, KnownBy};
use super::read_flags::ReadFlags;
use crate::web::access::CookieCacheUse;

/// Reads sessions, and extends those whose time has come.
#[derive(Clone, Debug)]
pub(crate) struct SessionReader {
    /// Where sessions are.
    pub(crate) store: Store,
    /// When they end and are renewed.
    pub(crate) policy: SessionPolicy,
    /// Age from which a session is no longer fresh; zero: it always is (`session.fresh_age`).
    pub(crate) fresh_age: Duration,
    /// Whether reads leave the row alone, but for `POST /get-session` (`session.defer_refresh`).
    pub(crate) defer_refresh: bool,
}

/// What a request shows and asks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionRequest<'r> {
    /// What it shows.
    pub(crate) credential: &'r Credential,
    /// Whether a rightly signed `dont_remember` cookie came with it.
    pub(crate) dont_remember: bool,
    /// The value of its cookie cache, unverified.
    pub(crate) cached: Option<&'r str>,
    /// Reads that (`session.cookie_cache`); `None`: there is none.
    pub(crate) cookie_cache: Option<&'r SessionCookieCache>,
    /// What a good cookie cache is worth to the route.
    pub(crate) cache_use: CookieCacheUse,
    /// What its query asks for.
    pub(crate) flags: ReadFlags,
}

/// What a session is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be shown, or to act for its user.
    Read,
    /// To be kept alive: `POST /get-session`, which writes where other reads leave that to it.
    KeepAlive,
}

/// Whom a request acts for.
#[derive(Debug)]
pub(crate) enum Reading {
    /// None: it shows nothing, or its session or user is gone.
    None,
    /// None any more: the session ended between the read and its extension.
    EndedMeanwhile,
    /// A user without a session, for whom a foreign token speaks.
    User(User),
    /// The user of a session, by a cookie cache's word alone.
    Cached(UserSession),
    /// The user of a living session.
    Session(LiveSession),
}

/// A session that was read and lives.
#[derive(Debug)]
pub(crate) struct LiveSession {
    /// The session, extended where its time had come, and its user.
    pub(crate) principal: UserSession,
    /// By what the caller is known.
    pub(crate) known_by: KnownBy,
    /// What the caller's cookies should learn of it.
    pub(crate) update: CookieUpdate,
    /// Whether the session should be extended by `POST /get-session`, where reads leave that to it.
    pub(crate) needs_refresh: Option<bool>,
}

/// What a caller's cookies should learn of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CookieUpdate {
    /// Nothing.
    None,
    /// The cookie cache that came was no good, and none takes its place.
    CacheMissed,
    /// The session is as stored; the cookie cache may learn that.
    Current,
    /// The session was extended.
    Extended,
}

/// What a cookie cache gave.
enum Cached {
    /// It was not looked at, or there was none.
    Nothing,
    Miss,
    Hit(Box<UserSession>),
}

impl SessionReader {
    /// Finds whom a request acts for, without extending anything; `None` when the credential's session or
    /// user is gone. A session that has ended is removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] of the lookup: an outage is never "not signed in".
    pub(crate) async fn find_caller(
        &self,
        credential: &Credential,
        now: OffsetDateTime,
    ) -> Result<Option<Caller>, StoreError> {
        self.find(credential, Purpose::Read, now).await
    }

    /// Reads a session, and extends it where its time has come.
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
        // A browser says at each request that its user asked to be forgotten; for other callers the session
        // tells.
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
        // Only a caller that sends cookies back has a use for a cache.
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

    /// Whether the user signed in so recently that they need not do it again. Using a session does not
    /// make it fresh.
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
