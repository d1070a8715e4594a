//! Identifiers of stored rows: 32 characters of `a-zA-Z0-9`, as Better Auth writes them.
//!
//! Each entity has its own type, so a session's id cannot be passed where a user's id is expected. A database
//! may contain ids of another form, because a host application can choose its own generator.
//! [`UserId::from_stored`] and the same function of the other types therefore accept any text.

use std::fmt;

use rand::CryptoRng;

use crate::random::random_alphanumeric;

/// Length in characters of an id that this crate generates (Better Auth core, `generateId`).
///
/// ```
/// use auth_core::{ID_LENGTH, UserId};
///
/// let id = UserId::generate(&mut rand::rng());
/// assert_eq!(id.as_str().len(), ID_LENGTH);
/// ```
pub const ID_LENGTH: usize = 32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Generates a new id of [`ID_LENGTH`] characters.
            pub fn generate(rng: &mut impl CryptoRng) -> Self {
                Self(random_alphanumeric(rng, ID_LENGTH))
            }

            /// Creates an id from the text in the database or in a verified token.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Identifies a [`User`](crate::User).
    ///
    /// ```
    /// use auth_core::{Session, UserId};
    ///
    /// fn is_of(session: &Session, user_id: &UserId) -> bool {
    ///     session.user_id == *user_id
    /// }
    /// # let signed_in = auth_core::testing::TestIssuer::new()
    /// #     .user("ann@example.com")
    /// #     .sign_in(time::OffsetDateTime::UNIX_EPOCH);
    /// # let session = signed_in.session;
    /// // A host application may number its users.
    /// assert!(!is_of(&session, &UserId::from_stored("42")));
    /// # assert!(is_of(&session, &signed_in.user.id));
    /// ```
    UserId
);
id!(
    /// Identifies a [`Session`](crate::Session) without giving access to it. The secret of a session is its
    /// [`SessionToken`](crate::SessionToken).
    ///
    /// ```
    /// use auth_core::SessionId;
    ///
    /// # let session_id = SessionId::from_stored("ViWe9w6PObZUCvYdQbwl7HSBlzcZkxvL");
    /// let line = format!("session {session_id} was revoked");
    /// assert_eq!(line, "session ViWe9w6PObZUCvYdQbwl7HSBlzcZkxvL was revoked");
    /// ```
    SessionId
);
id!(
    /// Identifies an [`Account`](crate::Account) row.
    ///
    /// ```
    /// use auth_core::AccountId;
    ///
    /// let (one, other) = (AccountId::generate(&mut rand::rng()), AccountId::generate(&mut rand::rng()));
    /// assert_ne!(one, other, "a user has an account for each way of signing in");
    /// ```
    AccountId
);
id!(
    /// Identifies a [`Verification`](crate::Verification) row.
    ///
    /// ```
    /// use auth_core::VerificationId;
    ///
    /// let id = VerificationId::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
    /// assert_eq!(id.to_string(), "f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3", "fit for logs: no link holds it");
    /// ```
    VerificationId
);
id!(
    /// Identifies a [`StoredKey`](crate::StoredKey): the `kid` of the tokens that the key signs.
    ///
    /// ```
    /// use auth_core::KeyId;
    ///
    /// let id = KeyId::generate(&mut rand::rng());
    /// assert_eq!(id.as_str().len(), 32, "it is public and gives no access");
    /// ```
    KeyId
);
id!(
    /// Identifies a row of the rate limit table, which counts requests.
    ///
    /// ```
    /// use auth_core::RateLimitId;
    ///
    /// let id = RateLimitId::generate(&mut rand::rng());
    /// assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()), "nothing of whom it counts");
    /// ```
    RateLimitId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_have_the_length_and_alphabet_of_the_reference() {
        let id = UserId::generate(&mut rand::rng());
        assert_eq!(id.as_str().len(), ID_LENGTH);
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
