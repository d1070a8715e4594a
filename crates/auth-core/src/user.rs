//! The user: a person or thing that can sign in.

use time::OffsetDateTime;

use crate::additional::AdditionalValues;
use crate::email::Email;
use crate::id::UserId;

/// A row of the `user` table.
///
/// ```
/// use auth_core::{AdditionalValues, Email, User, UserId};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// let user = User {
///     id: UserId::generate(&mut rand::rng()),
///     name: "Ann".to_owned(),
///     email: Email::parse("ann@example.com")?,
///     email_verified: false,
///     image: None,
///     created_at: now,
///     updated_at: now,
///     additional: AdditionalValues::default(),
/// };
/// # assert_eq!(user.email.as_str(), "ann@example.com");
/// # Ok::<(), auth_core::ParseEmailError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Primary key.
    pub id: UserId,
    /// Display name; may be empty.
    pub name: String,
    /// E-mail address, unique in the database.
    pub email: Email,
    /// Whether the address is verified.
    pub email_verified: bool,
    /// URL of a picture.
    pub image: Option<String>,
    /// When the row was created, to the millisecond.
    pub created_at: OffsetDateTime,
    /// When the row last changed, to the millisecond.
    pub updated_at: OffsetDateTime,
    /// Values of declared additional fields; empty if none are declared.
    pub additional: AdditionalValues,
}
