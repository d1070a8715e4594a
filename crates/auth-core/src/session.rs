//! The session: a stored login of one user on one client, and the rules of its lifetime.

use time::{Duration, OffsetDateTime};

use crate::additional::AdditionalValues;
use crate::id::{SessionId, UserId};
use crate::session_token::SessionToken;

/// A row of the `session` table.
///
/// ```
/// use time::Duration;
///
/// # let signed_in = auth_core::testing::TestIssuer::new()
/// #     .user("ann@example.com")
/// #     .sign_in(time::macros::datetime!(2030-01-15 12:00 UTC));
/// # let session = signed_in.session;
/// let end = session.expires_at;
/// assert!(!session.is_expired(end));
/// assert!(session.is_expired(end + Duration::MILLISECOND));
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    /// Primary key.
    pub id: SessionId,
    /// The secret that finds this session.
    pub token: SessionToken,
    /// The signed-in user.
    pub user_id: UserId,
    /// When it ends, to the millisecond.
    pub expires_at: OffsetDateTime,
    /// When the user signed in, to the millisecond.
    pub created_at: OffsetDateTime,
    /// When the row last changed, to the millisecond.
    pub updated_at: OffsetDateTime,
    /// Address of the client that signed in; empty if unknown.
    pub ip_address: Option<String>,
    /// `User-Agent` of the client that signed in; empty if unknown.
    pub user_agent: Option<String>,
    /// Declared additional fields; empty if none are declared.
    pub additional: AdditionalValues,
}

impl Session {
    /// Whether the session has ended. It is alive up to and including the millisecond of `expires_at` (Better
    /// Auth core §11.4: dead when `expiresAt < now`).
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at < now
    }
}

/// Whether a sign-in should survive closing the browser (`rememberMe`).
///
/// ```
/// use auth_core::{Remember, SessionPolicy};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let (week, day) = (Duration::days(7), Duration::days(1));
/// let policy = SessionPolicy { expires_in: week, update_age: day, refresh: true };
/// assert_eq!(policy.expires_at(Remember::Persistent, now), now + week);
/// assert_eq!(policy.expires_at(Remember::UntilBrowserCloses, now), now + day);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remember {
    /// The cookie lasts as long as the session.
    Persistent,
    /// The browser deletes the cookie when it closes, and the session lasts one day.
    UntilBrowserCloses,
}

/// The change that a session read should make to the row.
///
/// ```
/// use auth_core::{Refresh, SessionPolicy};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let mut session = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now).session;
/// # let (expires_in, update_age) = (Duration::days(7), Duration::days(1));
/// # let policy = SessionPolicy { expires_in, update_age, refresh: true };
/// assert_eq!(policy.refresh(&session, now), Refresh::NotDue);
/// if let Refresh::Due { expires_at } = policy.refresh(&session, now + Duration::days(2)) {
///     session.expires_at = expires_at;
/// }
/// assert_eq!(session.expires_at, now + Duration::days(9));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// No change.
    NotDue,
    /// Extend the session to this time.
    Due {
        /// The new expiry.
        expires_at: OffsetDateTime,
    },
}

/// How long sessions live and when reading one extends it.
///
/// A session that is used once a day never ends; an unused one ends after a week:
///
/// ```
/// use auth_core::{Refresh, Remember, SessionPolicy};
/// use time::Duration;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let session = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now).session;
/// let policy = SessionPolicy {
///     expires_in: Duration::days(7),
///     update_age: Duration::days(1),
///     refresh: true,
/// };
/// assert_eq!(policy.expires_at(Remember::Persistent, now), session.expires_at);
/// let tomorrow = now + Duration::days(1);
/// assert_eq!(policy.refresh(&session, tomorrow), Refresh::Due { expires_at: now + Duration::days(8) });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Lifetime of a remembered session (`session.expiresIn`).
    pub expires_in: Duration,
    /// Time after the last extension at which a read extends the session (`session.updateAge`). Zero extends
    /// it at every read.
    pub update_age: Duration,
    /// Whether reads extend sessions at all (`session.disableSessionRefresh` negated).
    pub refresh: bool,
}

impl SessionPolicy {
    /// Lifetime of a session that is not remembered (Better Auth 1.7.25, `createSession`).
    pub const UNREMEMBERED_TTL: Duration = Duration::days(1);

    /// Returns the expiry of a session that starts at `now`.
    pub fn expires_at(&self, remember: Remember, now: OffsetDateTime) -> OffsetDateTime {
        let ttl = match remember {
            Remember::Persistent => self.expires_in,
            Remember::UntilBrowserCloses => Self::UNREMEMBERED_TTL,
        };
        now.saturating_add(ttl)
    }

    /// Decides whether reading `session` at `now` extends it. An extension is due once `update_age` of the
    /// session's lifetime has passed (Better Auth core §11.4 step 6).
    pub fn refresh(&self, session: &Session, now: OffsetDateTime) -> Refresh {
        let due_at = session.expires_at.saturating_sub(self.expires_in).saturating_add(self.update_age);
        if self.refresh && due_at <= now {
            Refresh::Due { expires_at: now.saturating_add(self.expires_in) }
        } else {
            Refresh::NotDue
        }
    }

    /// Whether the user asked not to be remembered when `session` was created, judged by its lifetime. A
    /// browser repeats the choice with a cookie at each read. A client with a token does not, but its session
    /// must not be extended either.
    pub fn is_unremembered(&self, session: &Session) -> bool {
        self.expires_in > Self::UNREMEMBERED_TTL
            && session.expires_at - session.created_at <= Self::UNREMEMBERED_TTL
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

    const POLICY: SessionPolicy =
        SessionPolicy { expires_in: Duration::days(7), update_age: Duration::days(1), refresh: true };

    fn session(expires_at: OffsetDateTime, created_at: OffsetDateTime) -> Session {
        Session {
            id: SessionId::from_stored("s"),
            token: SessionToken::from_stored("t"),
            user_id: UserId::from_stored("u"),
            expires_at,
            created_at,
            updated_at: created_at,
            ip_address: None,
            user_agent: None,
            additional: AdditionalValues::default(),
        }
    }

    #[test]
    fn a_session_lives_through_its_last_millisecond() {
        let session = session(NOW, NOW - Duration::days(7));
        assert!(!session.is_expired(NOW));
        assert!(session.is_expired(NOW + Duration::milliseconds(1)));
    }

    #[test]
    fn refresh_is_due_after_update_age_and_not_before() {
        let fresh = session(NOW + Duration::days(6) + Duration::milliseconds(1), NOW);
        assert_eq!(POLICY.refresh(&fresh, NOW), Refresh::NotDue);
        let used = session(NOW + Duration::days(6), NOW);
        assert_eq!(POLICY.refresh(&used, NOW), Refresh::Due { expires_at: NOW + Duration::days(7) });
        let off = SessionPolicy { refresh: false, ..POLICY };
        assert_eq!(off.refresh(&used, NOW), Refresh::NotDue);
    }

    #[test]
    fn an_unremembered_session_is_known_by_its_life() {
        let made = |ttl| session(NOW + ttl, NOW);
        assert!(POLICY.is_unremembered(&made(SessionPolicy::UNREMEMBERED_TTL)));
        assert!(!POLICY.is_unremembered(&made(POLICY.expires_in)));
        let short = SessionPolicy { expires_in: Duration::hours(2), ..POLICY };
        assert!(!short.is_unremembered(&made(short.expires_in)), "nothing tells them apart");
    }

    #[test]
    fn an_unremembered_session_lives_one_day() {
        assert_eq!(POLICY.expires_at(Remember::UntilBrowserCloses, NOW), NOW + Duration::days(1));
        assert_eq!(POLICY.expires_at(Remember::Persistent, NOW), NOW + Duration::days(7));
    }
}
