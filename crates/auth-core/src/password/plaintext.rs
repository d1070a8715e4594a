//! A password before it is hashed, in the two forms that the schemes use.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use crate::secret::Secret;

/// A password as the user typed it. It is never trimmed or truncated, and it is wiped on drop.
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
    /// Wraps a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Returns the number of UTF-16 code units before normalisation. JavaScript's `length` counts the same
    /// units, so Better Auth's limits refer to them.
    pub fn utf16_length(&self) -> usize {
        self.0.expose().encode_utf16().count()
    }

    /// Returns the text as received.
    pub(super) fn raw(&self) -> &str {
        self.0.expose()
    }

    /// Returns the text in NFKC (Unicode Standard Annex #15).
    pub(super) fn normalized(&self) -> Secret<String> {
        let text = self.raw();
        if is_nfkc(text) {
            return self.0.clone();
        }
        // The capacity is enough for common texts. Growing the buffer would leave copies of the password in
        // memory.
        let mut normalized = String::with_capacity(text.len() * 3);
        normalized.extend(text.nfkc());
        Secret::new(normalized)
    }
}
