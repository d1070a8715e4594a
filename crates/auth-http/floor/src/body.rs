//! The bodies of `/get-session`, from a row and from a cookie cache, in Better Auth's member order.

use std::borrow::Cow;
use std::time::SystemTime;

use serde::{Deserialize, Serialize, Serializer};
use time::OffsetDateTime;
use tokio_postgres::{Error, Row};

/// Session and user as stored in the database.
#[derive(Serialize)]
pub(crate) struct StoredBody<'a> {
    session: StoredSession<'a>,
    user: StoredUser<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredSession<'a> {
    expires_at: Timestamp,
    token: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    user_id: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredUser<'a> {
    name: &'a str,
    email: &'a str,
    email_verified: bool,
    image: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    id: &'a str,
}

/// Session and user as stored in a cookie cache.
#[derive(Deserialize, Serialize)]
pub(crate) struct CachedBody<'a> {
    #[serde(borrow)]
    session: CachedSession<'a>,
    #[serde(borrow)]
    user: CachedUser<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct CachedSession<'a> {
    id: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
    user_id: &'a str,
    expires_at: &'a str,
    token: &'a str,
    ip_address: Option<&'a str>,
    #[serde(borrow)]
    user_agent: Option<Cow<'a, str>>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct CachedUser<'a> {
    id: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
    email: &'a str,
    email_verified: bool,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    image: Option<Cow<'a, str>>,
}

impl<'a> StoredBody<'a> {
    /// Reads the columns in the order of the SELECT statement.
    pub(crate) fn read(row: &'a Row) -> Result<Self, Error> {
        let user = StoredUser {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            email: row.try_get(2)?,
            email_verified: row.try_get(3)?,
            image: row.try_get(4)?,
            created_at: Timestamp(row.try_get(5)?),
            updated_at: Timestamp(row.try_get(6)?),
        };
        let session = StoredSession {
            id: row.try_get(7)?,
            expires_at: Timestamp(row.try_get(8)?),
            token: row.try_get(9)?,
            created_at: Timestamp(row.try_get(10)?),
            updated_at: Timestamp(row.try_get(11)?),
            ip_address: row.try_get(12)?,
            user_agent: row.try_get(13)?,
            user_id: row.try_get(14)?,
        };
        Ok(Self { session, user })
    }

    pub(crate) fn has_ended(&self, now: OffsetDateTime) -> bool {
        OffsetDateTime::from(self.session.expires_at.0) <= now
    }
}

impl<'a> CachedBody<'a> {
    pub(crate) fn read(payload: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(payload)
    }
}

/// A timestamp in the format of JavaScript's `toISOString`.
struct Timestamp(SystemTime);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = OffsetDateTime::from(self.0);
        serializer.collect_str(&format_args!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        ))
    }
}
