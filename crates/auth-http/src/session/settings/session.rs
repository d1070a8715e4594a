//! `[session]`: life of sessions, and what session answers hold.

use std::num::NonZeroU32;

use auth_core::{CacheStrategy, CookieCachePolicy, MaxAge, SessionPolicy};
use serde::{Deserialize, Deserializer};
use time::Duration;

use crate::config::span::{self, SECOND};
use crate::config::{Section, SettingsError, values};

/// A list is made in memory.
const MOST_LISTED: u64 = 10_000;

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
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum AnonymousGetSession {
    /// 401.
    Unauthorized,
    /// 200 with `null`, as Better Auth answers.
    Null,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    #[serde(deserialize_with = "span::life::<SECOND, _>")]
    expires_in: Duration,
    #[serde(deserialize_with = "span::life::<0, _>")]
    update_age: Duration,
    disable_refresh: bool,
    defer_refresh: bool,
    #[serde(deserialize_with = "span::life::<0, _>")]
    fresh_age: Duration,
    anonymous_get_session: AnonymousGetSession,
    access_token_in_session: bool,
    #[serde(deserialize_with = "values::whole::<0, { u32::MAX as u64 }, _, _>")]
    max_per_user: u32,
    #[serde(deserialize_with = "values::whole::<1, MOST_LISTED, _, _>")]
    list_limit: u32,
    cookie_cache: CookieCacheKeys,
}

/// The keys of `[session.cookie_cache]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CookieCacheKeys {
    enabled: bool,
    #[serde(deserialize_with = "span::max_age")]
    max_age: MaxAge,
    #[serde(deserialize_with = "strategy")]
    strategy: CacheStrategy,
    version: String,
}

impl Section for SessionSettings {
    const NAME: &'static str = "session";
    const APART: &'static [&'static str] = &["additional_fields"];
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        let cache = keys.cookie_cache;
        let policy =
            CookieCachePolicy { strategy: cache.strategy, max_age: cache.max_age, version: cache.version };
        Ok(Self {
            policy: SessionPolicy {
                expires_in: keys.expires_in,
                update_age: keys.update_age,
                refresh: !keys.disable_refresh,
            },
            fresh_age: keys.fresh_age,
            defer_refresh: keys.defer_refresh,
            cookie_cache: cache.enabled.then_some(policy),
            anonymous_get_session: keys.anonymous_get_session,
            access_token_in_session: keys.access_token_in_session,
            max_per_user: NonZeroU32::new(keys.max_per_user),
            list_limit: keys.list_limit,
        })
    }
}

impl SessionSettings {
    /// Tells whether a user can have more sessions than are listed.
    pub(crate) fn lives_unlisted(&self) -> bool {
        self.max_per_user.is_none_or(|most| most.get() > self.list_limit)
    }

    /// Tells whether sessions are kept in cookies that their holders can read.
    pub(crate) fn has_readable_copies(&self) -> bool {
        match self.cookie_cache.as_ref().map(|cache| cache.strategy) {
            Some(CacheStrategy::Compact | CacheStrategy::Jwt) => true,
            Some(CacheStrategy::Jwe) | None => false,
        }
    }
}

fn strategy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CacheStrategy, D::Error> {
    let words =
        [("compact", CacheStrategy::Compact), ("jwt", CacheStrategy::Jwt), ("jwe", CacheStrategy::Jwe)];
    values::word(deserializer, &words)
}
