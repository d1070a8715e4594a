//! Identifiers of stored rows: 32 characters of `a-zA-Z0-9`, as Better Auth writes them.
//!
//! Each entity has its own type, so that a session's id cannot be passed where a user's is asked. A
//! database may hold ids of another form (a host application can choose its own generator), so
//! [`UserId::from_stored`] and its siblings take any text.

use std::fmt;

use rand::CryptoRng;

use crate::random::random_alphanumeric;

/// Length in characters of an id that this crate makes (Better Auth core, `generateId`).
pub const ID_LENGTH: usize = 32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Makes a new id of [`ID_LENGTH`] characters.
            pub fn generate(rng: &mut impl CryptoRng) -> Self {
                Self(random_alphanumeric(rng, ID_LENGTH))
            }

            /// Takes an id as the database or a verified token gives it.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Gives the id's text.
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
    /// Names a [`User`](crate::User).
    UserId
);
id!(
    /// Names a [`Session`](crate::Session) without giving access to it; the secret is its
    /// [`SessionToken`](crate::SessionToken).
    SessionId
);
id!(
    /// Names an [`Account`](crate::Account) row.
    AccountId
);
id!(
    /// Names a [`Verification`](crate::Verification) row.
    VerificationId
);
id!(
    /// Names a [`StoredKey`](crate::StoredKey): the `kid` of the tokens that it signs.
    KeyId
);
id!(
    /// Names a row of the table in which requests are counted.
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
