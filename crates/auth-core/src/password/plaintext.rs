//! A password before it is hashed, and the two forms in which schemes read it.

use unicode_normalization::{UnicodeNormalization, is_nfkc};

use crate::secret::Secret;

/// A password as a user typed it: never trimmed, never cut, wiped when dropped.
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
    pub(super) fn raw(&self) -> &str {
        self.0.expose()
    }

    /// Gives the text in NFKC (Unicode Standard Annex #15).
    pub(super) fn normalized(&self) -> Secret<String> {
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
