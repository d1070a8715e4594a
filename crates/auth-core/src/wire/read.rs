//! Reads entities from JSON that this server or Better Auth wrote: cookie caches and the answers of
//! `/get-session`.

use time::OffsetDateTime;

use crate::additional::{AdditionalValues, FieldValue, JsonText, Visibility};
use crate::email::Email;
use crate::id::{SessionId, UserId};
use crate::session::Session;
use crate::session_token::SessionToken;
use crate::user::User;
use crate::user_session::UserSession;
use crate::wire::json::{self, Json};

/// The body of a `/get-session` answer is neither `null` nor a session and user in Better Auth's shape.
///
/// ```
/// use auth_core::wire::{ReadAnswerError, read_get_session};
///
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// let answer = read_get_session(b"<h1>502 Bad Gateway</h1>", now);
/// assert_eq!(answer.unwrap_err(), ReadAnswerError, "an outage is not the same as signed out");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an answer of /get-session")]
pub struct ReadAnswerError;

/// Reads the body of a `/get-session` answer; `None` if it is `null`, because no user is signed in.
///
/// Members that the server adds become additional fields, whatever their declared type is.
///
/// ```
/// use auth_core::wire::read_get_session;
///
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// assert!(read_get_session(b"null", now)?.is_none());
/// let body = br#"{"session":{"id":"s","token":"t","userId":"u","expiresAt":"2030-01-01T00:00:00.000Z"},
///                 "user":{"id":"u","name":"Ann","email":"ann@example.com","emailVerified":true,"role":"admin"}}"#;
/// let found = read_get_session(body, now)?.expect("a signed-in user");
/// assert_eq!(found.user.name, "Ann");
/// # Ok::<(), auth_core::wire::ReadAnswerError>(())
/// ```
///
/// # Errors
///
/// [`ReadAnswerError`] for every other body.
pub fn read_get_session(body: &[u8], now: OffsetDateTime) -> Result<Option<UserSession>, ReadAnswerError> {
    match serde_json::from_slice(body).map_err(|_not_shown| ReadAnswerError)? {
        Json::Null => Ok(None),
        mut answer => read_entities(&mut answer, DateLike::IsText, now).map(Some).ok_or(ReadAnswerError),
    }
}

/// How to read a text that looks like a date in a text member, such as a user's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateLike {
    /// It is a text like any other.
    IsText,
    /// It is not a text. Better Auth's cookie cache converts it to a date, which then fails the schema and is
    /// a cache miss.
    IsDate,
}

/// Takes `session` and `user` out of an object and checks them by Better Auth's schema (1.7.25,
/// `cookieCachePayloadSchema`): text members are texts, date members look like dates, and optional members
/// are absent or of their type.
pub(crate) fn read_entities(
    from: &mut Json,
    date_like: DateLike,
    now: OffsetDateTime,
) -> Option<UserSession> {
    let mut session = Members::of(from.take("session")?, date_like)?;
    let mut user = Members::of(from.take("user")?, date_like)?;
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
    Some(UserSession { user, session })
}

/// Reads a text. See [`DateLike`] for texts that look like dates.
pub(crate) fn text(value: Json, date_like: DateLike) -> Option<String> {
    let Json::Text(text) = value else { return None };
    (date_like == DateLike::IsText || json::parse_date(&text).is_none()).then_some(text)
}

fn date(value: &Json) -> Option<OffsetDateTime> {
    json::parse_date(value.as_text()?)
}

/// The members of an object, taken out by name and type. `None` means that a member does not fit the schema.
struct Members(Json, DateLike);

impl Members {
    fn of(value: Json, date_like: DateLike) -> Option<Self> {
        matches!(value, Json::Object(_)).then_some(Self(value, date_like))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        text(self.0.take(name)?, self.1)
    }

    fn optional_text(&mut self, name: &str) -> Option<Option<String>> {
        match self.0.take(name) {
            None | Some(Json::Null) => Some(None),
            Some(value) => Some(Some(text(value, self.1)?)),
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

    /// Returns all members that were not taken. Their declared types are unknown here, but each value prints
    /// as the same JSON again.
    fn additional(self) -> Option<AdditionalValues> {
        let Json::Object(members) = self.0 else { return None };
        let mut values = AdditionalValues::default();
        for (name, value) in members {
            let value = match value {
                Json::Null => FieldValue::Null,
                Json::Bool(value) => FieldValue::Boolean(value),
                Json::Text(text) => match json::parse_date(&text) {
                    Some(at) => FieldValue::Date(at),
                    None => FieldValue::Text(text),
                },
                value @ (Json::Number(_) | Json::List(_) | Json::Object(_)) => {
                    match value.as_whole_number() {
                        Some(number) => FieldValue::Number(number),
                        None => FieldValue::Json(JsonText::of(&value).ok()?),
                    }
                }
            };
            values.set(name.into(), value, Visibility::Returned);
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

    #[test]
    fn what_the_server_writes_is_read_back() {
        let body = br#"{"session":{"expiresAt":"2030-02-01T00:00:00.000Z","token":"t","createdAt":"2030-01-01T00:00:00.000Z",
            "updatedAt":"2030-01-02T00:00:00.000Z","ipAddress":"192.0.2.1","userAgent":null,"userId":"u","id":"s"},
            "user":{"name":"2020-01-01T00:00:00.000Z","email":"Ann@example.com","emailVerified":false,"image":null,
            "createdAt":"2029-01-01T00:00:00.000Z","updatedAt":"2029-01-01T00:00:00.000Z","role":"admin","id":"u"},
            "accessToken":"x"}"#;
        let UserSession { user, session } = read_get_session(body, NOW).unwrap().unwrap();
        assert_eq!((user.id.as_str(), session.user_id.as_str(), session.id.as_str()), ("u", "u", "s"));
        assert_eq!(user.name, "2020-01-01T00:00:00.000Z", "a name may look like a date");
        assert_eq!(user.email.as_str(), "ann@example.com");
        assert_eq!(session.created_at, datetime!(2030-01-01 00:00 UTC));
        assert_eq!((session.ip_address.as_deref(), session.user_agent), (Some("192.0.2.1"), None));
        assert_eq!(user.additional.get("role"), Some(&FieldValue::Text("admin".to_owned())));
    }

    #[test]
    fn nobody_and_nonsense_are_told_apart() {
        assert!(read_get_session(b"null", NOW).unwrap().is_none());
        for body in ["", "{}", "[]", "\"null\"", "<html>", r#"{"session":null,"user":{"id":"u"}}"#] {
            assert_eq!(read_get_session(body.as_bytes(), NOW).unwrap_err(), ReadAnswerError, "{body}");
        }
    }
}
