//! The error of a stored hash that cannot be verified, for every scheme.

/// A stored hash that cannot be verified. To the user who signs in, it looks like a wrong password.
///
/// The error names the failed check and contains nothing of the text: the column may hold anything, even a
/// plaintext password.
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
    /// The text does not begin like a hash of any known scheme.
    #[error("stored hash is of no known scheme")]
    UnknownScheme,
    /// The text begins like a hash of a known scheme, but the rest is malformed.
    #[error("stored {scheme} hash is malformed")]
    Form {
        /// The scheme.
        scheme: &'static str,
    },
    /// Verifying would need more memory or time than a sign-in may use.
    #[error("stored {scheme} hash asks for too much work")]
    TooCostly {
        /// The scheme.
        scheme: &'static str,
    },
}
