//! The user as clients see it.

use serde::Serialize;

use super::Timestamp;
use super::additional::ReturnedFields;
use crate::user::User;

/// `user` of Better Auth's answers, members in the reference's order.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserBody<'a> {
    name: &'a str,
    email: &'a str,
    email_verified: bool,
    image: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(flatten)]
    additional: ReturnedFields<'a>,
    id: &'a str,
}

impl<'a> From<&'a User> for UserBody<'a> {
    fn from(user: &'a User) -> Self {
        let User { id, name, email, email_verified, image, created_at, updated_at, additional } = user;
        Self {
            name,
            email: email.as_str(),
            email_verified: *email_verified,
            image: image.as_deref(),
            created_at: Timestamp(*created_at),
            updated_at: Timestamp(*updated_at),
            additional: ReturnedFields(additional),
            id: id.as_str(),
        }
    }
}
