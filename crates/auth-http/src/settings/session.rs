//! `[session]`: life of sessions, and what session answers hold.

use auth_core::SessionPolicy;
use time::Duration;

use super::error::SettingsError;
use super::reader::Reader;
use super::span;

/// Life of sessions, and what session answers hold.
#[derive(Clone, Copy, Debug)]
pub struct SessionSettings {
    /// When sessions end and when their use renews them.
    pub policy: SessionPolicy,
    /// Age from which a session is too old for routes that ask for a fresh one; zero: none is.
    pub fresh_age: Duration,
    /// Whether only `POST /get-session` extends and removes sessions.
    pub defer_refresh: bool,
    /// Answer of `/get-session` to a caller without credentials.
    pub anonymous_get_session: AnonymousGetSession,
    /// Whether session answers hold the token API's three members.
    pub access_token_in_session: bool,
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
            anonymous_get_session: reader.choice(
                "session.anonymous_get_session",
                &[("unauthorized", AnonymousGetSession::Unauthorized), ("null", AnonymousGetSession::Null)],
            )?,
            access_token_in_session: reader.switch("session.access_token_in_session")?,
        })
    }
}
