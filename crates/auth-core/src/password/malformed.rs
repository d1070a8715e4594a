//! Why a stored hash cannot be verified: what every scheme answers with.

/// A stored hash that cannot be verified, which to the person signing in is a wrong password.
///
/// Says where it fails and nothing of the text: a column may hold anything, also a password in clear.
///
/// ```
/// use auth_core::{Hasher, MalformedHash, Password, StoredHash};
///
/// let guess = Password::new("hunter2");
/// let verify = |column: &str| Hasher::default().verify(&guess, &StoredHash::from_stored(column));
/// assert_eq!(verify("hunter2"), Err(MalformedHash::UnknownScheme), "not even where it is the same");
/// # let column = "$2b$31$4284LurkYFhYVkYMoGXmbunyG2PVZftrmOykr/x2a.clU8WT7YyA.";
/// let error = verify(column).unwrap_err();
/// assert_eq!(error.to_string(), "stored bcrypt hash asks for too much work");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedHash {
    /// No known scheme begins like this.
    #[error("stored hash is of no known scheme")]
    UnknownScheme,
    /// The text begins like a scheme's and goes on otherwise.
    #[error("stored {scheme} hash is malformed")]
    Form {
        /// The scheme.
        scheme: &'static str,
    },
    /// Verifying would cost more memory or time than any sign-in may.
    #[error("stored {scheme} hash asks for too much work")]
    TooCostly {
        /// The scheme.
        scheme: &'static str,
    },
}
