//! `[session]`: lifetime of sessions, and contents of session answers.

use std::num::NonZeroU32;

use auth_core::{CacheStrategy, CookieCachePolicy, MaxAge, SessionPolicy};
use serde::{Deserialize, Deserializer};
use time::Duration;

use crate::config::span::{self, SECOND};
use crate::config::{Section, SettingsError, values};

/// Maximum of `list_limit`. A list is built in memory.
const MOST_LISTED: u64 = 10_000;

/// Lifetime of sessions, and contents of session answers.
#[derive(Clone, Debug)]
pub struct SessionSettings {
    /// When sessions end and when their use renews them.
    pub policy: SessionPolicy,
    /// Age from which a session is too old for routes that require a fresh one; zero: no session is too old.
    pub fresh_age: Duration,
    /// Whether only `POST /get-session` extends and removes sessions.
    pub defer_refresh: bool,
    /// How session and user are cached in a cookie; `None`: they are not.
    pub cookie_cache: Option<CookieCachePolicy>,
    /// Answer of `/get-session` to a caller without credentials.
    pub anonymous_get_session: AnonymousGetSession,
    /// Whether session answers contain the three members of the token API.
    pub access_token_in_session: bool,
    /// Maximum number of sessions of one user; `None`: no limit.
    pub max_per_user: Option<NonZeroU32>,
    /// Maximum number of sessions that `/list-sessions` shows, at least one.
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
    /// Whether a user can have more sessions than are listed.
    pub(crate) fn lives_unlisted(&self) -> bool {
        self.max_per_user.is_none_or(|most| most.get() > self.list_limit)
    }

    /// Whether cookies contain session data that the client can read.
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
