//! The user as clients see it.

use serde::Serialize;

use super::Timestamp;
use super::additional::ReturnedFields;
use crate::user::User;

/// The `user` member of Better Auth's answers, with its members in Better Auth's order.
///
/// ```
/// use auth_core::wire::UserBody;
///
/// # let ann = auth_core::testing::TestIssuer::new().user("ann@example.com").with_role("admin");
/// # let mut user = ann.user().clone();
/// # user.id = auth_core::UserId::from_stored("u1");
/// let body = serde_json::to_value(UserBody::from(&user))?;
/// assert_eq!(body["emailVerified"], true);
/// assert_eq!(body["role"], "admin", "additional fields stand beside the others");
/// # assert_eq!(body["id"], "u1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct UserBody<'a>(Members<'a>);

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Members<'a> {
    Stored(Stored<'a>),
    Cached(Cached<'a>),
}

/// Members in the order of database rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
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

/// Members in the order of Better Auth's schema for cookie caches (1.7.25, `userSchema`).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cached<'a> {
    id: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    email: &'a str,
    email_verified: bool,
    name: &'a str,
    image: Option<&'a str>,
    #[serde(flatten)]
    additional: ReturnedFields<'a>,
}

impl<'a> UserBody<'a> {
    /// Creates the body of a user that was read from a cookie cache: the same members, in the order that
    /// Better Auth uses in this case.
    pub fn of_cache(user: &'a User) -> Self {
        let Stored { name, email, email_verified, image, created_at, updated_at, additional, id } =
            user.into();
        Self(Members::Cached(Cached {
            id,
            created_at,
            updated_at,
            email,
            email_verified,
            name,
            image,
            additional,
        }))
    }
}

impl<'a> From<&'a User> for UserBody<'a> {
    fn from(user: &'a User) -> Self {
        Self(Members::Stored(user.into()))
    }
}

impl<'a> From<&'a User> for Stored<'a> {
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
