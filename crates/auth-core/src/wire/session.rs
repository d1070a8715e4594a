//! The session as its owner sees it.

use serde::Serialize;

use super::Timestamp;
use super::additional::ReturnedFields;
use crate::session::Session;

/// The `session` member of Better Auth's answers, with its members in Better Auth's order. It contains the
/// raw session token, so it is for the session's owner alone and must not be cached.
///
/// ```
/// use auth_core::wire::SessionBody;
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let session = auth_core::testing::TestIssuer::new().user("ann@example.com").sign_in(now).session;
/// let from_database = serde_json::to_string(&SessionBody::from(&session))?;
/// let from_cache = serde_json::to_string(&SessionBody::of_cache(&session))?;
/// assert!(from_database.starts_with(r#"{"expiresAt":"#) && from_cache.starts_with(r#"{"id":"#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct SessionBody<'a>(Members<'a>);

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum Members<'a> {
    Stored(Stored<'a>),
    Cached(Cached<'a>),
}

/// Members in the order of database rows.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    expires_at: Timestamp,
    token: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    user_id: &'a str,
    #[serde(flatten)]
    additional: ReturnedFields<'a>,
    id: &'a str,
}

/// Members in the order of Better Auth's schema for cookie caches (1.7.25, `sessionSchema`).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cached<'a> {
    id: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    user_id: &'a str,
    expires_at: Timestamp,
    token: &'a str,
    ip_address: Option<&'a str>,
    user_agent: Option<&'a str>,
    #[serde(flatten)]
    additional: ReturnedFields<'a>,
}

impl<'a> SessionBody<'a> {
    /// Creates the body of a session that was read from a cookie cache: the same members, in the order that
    /// Better Auth uses in this case.
    pub fn of_cache(session: &'a Session) -> Self {
        let Stored {
            expires_at,
            token,
            created_at,
            updated_at,
            ip_address,
            user_agent,
            user_id,
            additional,
            id,
        } = session.into();
        Self(Members::Cached(Cached {
            id,
            created_at,
            updated_at,
            user_id,
            expires_at,
            token,
            ip_address,
            user_agent,
            additional,
        }))
    }
}

impl<'a> From<&'a Session> for SessionBody<'a> {
    fn from(session: &'a Session) -> Self {
        Self(Members::Stored(session.into()))
    }
}

impl<'a> From<&'a Session> for Stored<'a> {
    fn from(session: &'a Session) -> Self {
        let Session {
            id,
            token,
            user_id,
            expires_at,
            created_at,
            updated_at,
            ip_address,
            user_agent,
            additional,
        } = session;
        Self {
            expires_at: Timestamp(*expires_at),
            token: token.expose(),
            created_at: Timestamp(*created_at),
            updated_at: Timestamp(*updated_at),
            ip_address: ip_address.as_deref(),
            user_agent: user_agent.as_deref(),
            user_id: user_id.as_str(),
            additional: ReturnedFields(additional),
            id: id.as_str(),
        }
    }
}
