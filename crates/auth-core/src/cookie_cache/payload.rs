//! What all strategies carry: session, user, the time of writing, and a version.

use serde::Serialize;
use time::OffsetDateTime;

use super::milliseconds;
use crate::additional::{AdditionalValues, FieldValue, JsonText, Visibility};
use crate::claims::{Times, VerifyError};
use crate::email::Email;
use crate::id::{SessionId, UserId};
use crate::javascript::{self, Json};
use crate::numeric_date;
use crate::session::Session;
use crate::session_token::SessionToken;
use crate::user::User;
use crate::user_session::UserSession;
use crate::wire::{SessionBody, UserBody};

/// The payload as the reference orders it (1.7.25, `setCookieCache`): entities as clients see them.
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
            updated_at: milliseconds(now),
            version,
        }
    }
}

/// A payload that was read.
pub(super) struct Reading {
    pub(super) principal: UserSession,
    pub(super) version: Option<String>,
}

/// Reads the claims of a token whose MAC was right: `exp`, `nbf` and `iat` as in every token, then the payload.
pub(super) fn read_claims(content: &[u8], now: OffsetDateTime) -> Option<Reading> {
    let payload: Json = serde_json::from_slice(content).ok()?;
    let date = |name| {
        match payload.get(name) {
            None => Ok(None),
            Some(Json::Number(seconds)) => numeric_date::read_double(*seconds).map(Some).ok_or(name),
            Some(_) => Err(name),
        }
        .map_err(|name| VerifyError::MalformedClaim { name })
    };
    Times::check(date, now).ok()?;
    read(payload, now)
}

/// Reads a payload whose MAC was right, by the reference's schema (1.7.25, `cookieCachePayloadSchema`): texts
/// are texts, dates look like dates, what may be absent is absent or of its type.
pub(super) fn read(mut payload: Json, now: OffsetDateTime) -> Option<Reading> {
    let mut session = Members::of(payload.take("session")?)?;
    let mut user = Members::of(payload.take("user")?)?;
    let Json::Number(_) = payload.take("updatedAt")? else { return None };
    let version = match payload.take("version") {
        None => None,
        Some(version) => Some(text(version)?),
    };
    let session = Session {
        id: SessionId::from_stored(session.text("id")?),
        token: SessionToken::from_stored(session.text("token")?),
        user_id: UserId::from_stored(session.text("userId")?),
        expires_at: session.date("expiresAt")?,
        created_at: session.date_or("createdAt", now)?,
        updated_at: session.date_or("updatedAt", now)?,
        ip_address: session.optional_text("ipAddress")?,
        user_agent: session.optional_text("userAgent")?,
        additional: session.additional()?,
    };
    let user = User {
        id: UserId::from_stored(user.text("id")?),
        name: user.text("name")?,
        email: Email::from_stored(user.text("email")?.to_lowercase()),
        email_verified: user.truth("emailVerified")?,
        image: user.optional_text("image")?,
        created_at: user.date_or("createdAt", now)?,
        updated_at: user.date_or("updatedAt", now)?,
        additional: user.additional()?,
    };
    Some(Reading { principal: UserSession { user, session }, version })
}

/// Reads a text; to the reference one that looks like a date is a date, and no text any more.
fn text(value: Json) -> Option<String> {
    match value {
        Json::Text(text) if javascript::parse_date(&text).is_none() => Some(text),
        _ => None,
    }
}

fn date(value: &Json) -> Option<OffsetDateTime> {
    match value {
        Json::Text(text) => javascript::parse_date(text),
        _ => None,
    }
}

/// Members that are taken out by name and type; `None` is a member that does not fit the schema.
struct Members(Json);

impl Members {
    fn of(value: Json) -> Option<Self> {
        matches!(value, Json::Object(_)).then_some(Self(value))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        text(self.0.take(name)?)
    }

    fn optional_text(&mut self, name: &str) -> Option<Option<String>> {
        match self.0.take(name) {
            None | Some(Json::Null) => Some(None),
            Some(value) => Some(Some(text(value)?)),
        }
    }

    fn truth(&mut self, name: &str) -> Option<bool> {
        match self.0.take(name) {
            None => Some(false),
            Some(Json::Bool(value)) => Some(value),
            Some(_) => None,
        }
    }

    fn date(&mut self, name: &str) -> Option<OffsetDateTime> {
        date(&self.0.take(name)?)
    }

    fn date_or(&mut self, name: &str, absent: OffsetDateTime) -> Option<OffsetDateTime> {
        match self.0.take(name) {
            None => Some(absent),
            Some(value) => date(&value),
        }
    }

    /// Gives all members that were not asked for. Their declared types are not known here; what was written
    /// prints the same again.
    fn additional(self) -> Option<AdditionalValues> {
        let Json::Object(members) = self.0 else { return None };
        let mut values = AdditionalValues::default();
        for (name, value) in members {
            let value = match value {
                Json::Null => FieldValue::Null,
                Json::Bool(value) => FieldValue::Boolean(value),
                Json::Text(text) => match javascript::parse_date(&text) {
                    Some(at) => FieldValue::Date(at),
                    None => FieldValue::Text(text),
                },
                other => match other.as_whole_number() {
                    Some(number) => FieldValue::Number(number),
                    None => FieldValue::Json(JsonText::of(&other).ok()?),
                },
            };
            values.set(name.into(), value, Visibility::Returned);
        }
        Some(values)
    }
}
