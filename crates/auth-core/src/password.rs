//! Passwords and their stored hashes (being completed).

use crate::secret::Secret;

/// A password's hash as the `account.password` column holds it.
#[derive(Clone, Debug)]
pub struct StoredHash(Secret<String>);

impl StoredHash {
    /// Takes a hash as the database gives it; whether it is well-formed shows when it is verified.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Reads the stored text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}
