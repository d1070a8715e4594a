//! `[session]`: life of sessions, and what session answers hold.

use std::num::NonZeroU32;

use auth_core::{CacheStrategy, CookieCachePolicy, MaxAge, SessionPolicy};
use time::Duration;

use super::error::SettingsError;
use super::reader::Reader;
use super::span;

/// A list is made in memory.
const MOST_LISTED: u32 = 10_000;

/// Life of sessions, and what session answers hold.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// When sessions end and when their use renews them.
    pub policy: SessionPolicy,
    /// Age from which a session is too old for routes that ask for a fresh one; zero: none is.
    pub fresh_age: Duration,
    /// Whether only `POST /get-session` extends and removes sessions.
    pub defer_refresh: bool,
    /// How sessions are kept in a cookie of their own; `None`: they are not.
    pub cookie_cache: Option<CookieCachePolicy>,
    /// Answer of `/get-session` to a caller without credentials.
    pub anonymous_get_session: AnonymousGetSession,
    /// Whether session answers hold the token API's three members.
    pub access_token_in_session: bool,
    /// Most sessions of one user at once; `None` is no bound.
    pub max_per_user: Option<NonZeroU32>,
    /// Most sessions that `/list-sessions` shows, at least one.
    pub list_limit: u32,
}

/// Answer of `/get-session` to a caller without credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnonymousGetSession {
    /// 401.
    Unauthorized,
    /// 200 with `null`, as Better Auth answers.
    Null,
}

impl SessionSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        Ok(Self {
            policy: SessionPolicy {
                expires_in: span::long(reader, "session.expires_in", 1)?,
                update_age: span::long(reader, "session.update_age", 0)?,
                refresh: !reader.switch("session.disable_refresh")?,
            },
            fresh_age: span::long(reader, "session.fresh_age", 0)?,
            defer_refresh: reader.switch("session.defer_refresh")?,
            cookie_cache: cookie_cache(reader)?,
            anonymous_get_session: reader.choice(
                "session.anonymous_get_session",
                &[("unauthorized", AnonymousGetSession::Unauthorized), ("null", AnonymousGetSession::Null)],
            )?,
            access_token_in_session: reader.switch("session.access_token_in_session")?,
            max_per_user: NonZeroU32::new(reader.number("session.max_per_user", 0..=u32::MAX)?),
            list_limit: reader.number("session.list_limit", 1..=MOST_LISTED)?,
        })
    }

    /// Tells whether a user can have more sessions than are listed.
    pub(super) fn lives_unlisted(&self) -> bool {
        self.max_per_user.is_none_or(|most| most.get() > self.list_limit)
    }

    /// Tells whether sessions are kept in cookies that their holders can read.
    pub(super) fn has_readable_copies(&self) -> bool {
        match self.cookie_cache.as_ref().map(|cache| cache.strategy) {
            Some(CacheStrategy::Compact | CacheStrategy::Jwt) => true,
            Some(CacheStrategy::Jwe) | None => false,
        }
    }
}

fn cookie_cache(reader: &Reader) -> Result<Option<CookieCachePolicy>, SettingsError> {
    const MAX_AGE: &str = "session.cookie_cache.max_age";
    let max_age = span::long(reader, MAX_AGE, 1)?;
    let policy = CookieCachePolicy {
        strategy: reader.choice(
            "session.cookie_cache.strategy",
            &[("compact", CacheStrategy::Compact), ("jwt", CacheStrategy::Jwt), ("jwe", CacheStrategy::Jwe)],
        )?,
        max_age: MaxAge::new(max_age)
            .ok_or_else(|| reader.expected(MAX_AGE, "a span of at most 400 days"))?,
        version: reader.text("session.cookie_cache.version")?,
    };
    Ok(reader.switch("session.cookie_cache.enabled")?.then_some(policy))
}
