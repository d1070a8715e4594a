//! The payload of all strategies: session, user, the time of writing, and a version.

use serde::Serialize;
use time::OffsetDateTime;

use crate::claims::Claims;
use crate::user_session::UserSession;
use crate::wire::json::Json;
use crate::wire::{DateLike, SessionBody, UserBody, read_entities, text, unix_milliseconds};

/// Longest value in bytes that is parsed. The limit for the headers of a request is lower.
pub(super) const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The payload in Better Auth's order (1.7.25, `setCookieCache`), with entities as clients see them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload<'a> {
    session: SessionBody<'a>,
    user: UserBody<'a>,
    updated_at: i64,
    version: &'a str,
}

impl<'a> Payload<'a> {
    pub(super) fn new(principal: &'a UserSession, version: &'a str, now: OffsetDateTime) -> Self {
        Self {
            session: (&principal.session).into(),
            user: (&principal.user).into(),
            updated_at: unix_milliseconds(now),
            version,
        }
    }
}

/// A parsed payload.
pub(super) struct Reading {
    pub(super) principal: UserSession,
    pub(super) version: Option<String>,
}

/// Reads the claims of a verified token: checks `exp`, `nbf` and `iat` as for every token, then reads the
/// payload.
pub(super) fn read_claims(content: &[u8], now: OffsetDateTime) -> Option<Reading> {
    let payload: Json = serde_json::from_slice(content).ok()?;
    Claims(&payload).times(now).ok()?;
    read(payload, now)
}

/// Reads a verified payload by Better Auth's schema (1.7.25, `cookieCachePayloadSchema`).
pub(super) fn read(mut payload: Json, now: OffsetDateTime) -> Option<Reading> {
    let principal = read_entities(&mut payload, DateLike::IsDate, now)?;
    let Json::Number(_) = payload.take("updatedAt")? else { return None };
    let version = match payload.take("version") {
        None => None,
        Some(version) => Some(text(version, DateLike::IsDate)?),
    };
    Some(Reading { principal, version })
}
