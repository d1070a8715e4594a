//! The session as its owner sees it.

use serde::Serialize;

use super::Timestamp;
use super::additional::ReturnedFields;
use crate::session::Session;

/// `session` of Better Auth's answers, members in the reference's order. It holds the raw token: it
/// is for the session's owner alone and must not be cached.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody<'a> {
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

impl<'a> From<&'a Session> for SessionBody<'a> {
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
