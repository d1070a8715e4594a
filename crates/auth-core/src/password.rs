//! Passwords: their length rule, their stored hashes, and the schemes that make and check those.
//!
//! | scheme | stored text | written | verified |
//! |---|---|---|---|
//! | argon2id (RFC 9106) | PHC text `$argon2id$v=19$m=…,t=…,p=…$salt$hash` | by default | yes |
//! | Better Auth's scrypt | `<salt as hex>:<key as hex>` | on request | yes |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$` | never | yes |
//!
//! argon2id and scrypt see the password in Unicode normalisation form NFKC, as Better Auth does, so that the
//! same letters typed on two keyboards are the same password; bcrypt sees the bytes as they came, since
//! those who wrote such hashes normalised nothing.

mod argon2id;
mod bcrypt;
mod hasher;
mod policy;
mod scrypt;

use unicode_normalization::{UnicodeNormalization, is_nfkc};

pub use self::argon2id::{Argon2idParams, Argon2idParamsError};
pub use self::hasher::{HashError, Hasher, MalformedHash, Scheme};
pub use self::policy::{PasswordLengthError, PasswordPolicy, PasswordPolicyError};
use crate::secret::Secret;

/// A password as somebody typed it: never trimmed, never cut, wiped when dropped.
///
/// ```
/// use auth_core::Password;
///
/// let password = Password::new("correct horse 🐎");
/// assert_eq!(password.utf16_length(), 16, "as JavaScript counts");
/// assert_eq!(format!("{password:?}"), "Password(Secret(..))");
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::Password::new("correct horse");
/// println!("{secret}"); // no Display
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::Password::new("correct horse");
/// let text = serde_json::to_string(&secret); // no Serialize
/// ```
///
/// ```compile_fail,E0369
/// let secret = auth_core::Password::new("correct horse");
/// assert!(secret == secret.clone()); // no comparison that stops at the first difference
/// ```
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// Takes a password into keeping.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Counts UTF-16 code units before normalisation, which is what JavaScript's `length` counts and so
    /// what the reference's limits mean.
    pub fn utf16_length(&self) -> usize {
        self.0.expose().encode_utf16().count()
    }

    /// Gives the text as it came.
    fn raw(&self) -> &str {
        self.0.expose()
    }

    /// Gives the text in NFKC (Unicode Standard Annex #15).
    fn normalized(&self) -> Secret<String> {
        let text = self.raw();
        if is_nfkc(text) {
            return self.0.clone();
        }
        // Room for the common cases, so that growing does not leave pieces of the password behind.
        let mut normalized = String::with_capacity(text.len() * 3);
        normalized.extend(text.nfkc());
        Secret::new(normalized)
    }
}

/// A password's hash as the `account.password` column holds it.
///
/// ```
/// use auth_core::{Scheme, StoredHash};
///
/// # let column = "$2b$12$4284LurkYFhYVkYMoGXmbunyG2PVZftrmOykr/x2a.clU8WT7YyA.";
/// let stored = StoredHash::from_stored(column);
/// assert_eq!(stored.scheme(), Some(Scheme::Bcrypt { cost: 12 }));
/// assert_eq!(StoredHash::from_stored("hunter2").scheme(), None, "a password in clear is no hash");
/// ```
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

    /// Tells by which scheme, and at which cost, the hash was made; `None` when it is malformed.
    pub fn scheme(&self) -> Option<Scheme> {
        hasher::Parsed::read(self.expose()).ok().map(|parsed| parsed.scheme())
    }
}

#[cfg(test)]
mod tests;
