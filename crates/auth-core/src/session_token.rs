//! The secret that finds a session.

use rand::CryptoRng;
use subtle::ConstantTimeEq;

use crate::random::random_alphanumeric;
use crate::secret::Secret;

/// The secret that finds a [`Session`](crate::Session). A generated token has 32 characters of `a-zA-Z0-9`
/// (190 bits).
///
/// A client that holds the token is signed in, so it is treated as a [`Secret`]: no `Display`, no
/// `PartialEq`, a `Debug` without content. It may be signed into a cookie only because its alphabet is
/// restricted: a text that a client chose freely could pass for another kind of signed text.
///
/// ```
/// use auth_core::SessionToken;
///
/// let token = SessionToken::generate(&mut rand::rng());
/// let sent = SessionToken::parse(token.expose()).expect("our own alphabet");
/// assert!(sent.constant_time_eq(&token));
/// assert!(SessionToken::parse("x' OR '1'='1").is_none(), "no token, so no lookup");
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
/// println!("{secret}"); // no Display
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
/// let text = serde_json::to_string(&secret); // no Serialize
/// ```
///
/// ```compile_fail,E0369
/// let secret = auth_core::SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
/// assert!(secret == secret.clone()); // no comparison that stops at the first difference
/// ```
#[derive(Clone, Debug)]
pub struct SessionToken(Secret<String>);

impl SessionToken {
    /// Length in characters of a generated token (Better Auth core, `createSession`).
    pub const LENGTH: usize = 32;

    /// Maximum length in characters of a token that [`SessionToken::parse`] accepts.
    pub const MAX_LENGTH: usize = 128;

    /// Generates a new token.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::new(random_alphanumeric(rng, Self::LENGTH)))
    }

    /// Parses a token that a client sent: 1 to [`SessionToken::MAX_LENGTH`] characters of `a-zA-Z0-9`. `None`
    /// for any other text, because it cannot be a session token.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= Self::MAX_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(Secret::new(text.to_owned())))
    }

    /// Takes a token from the database, without checks.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Returns the token's text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Compares two tokens in constant time. The duration depends only on their lengths.
    pub fn constant_time_eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_outside_the_alphabet_is_no_token() {
        let too_long = "a".repeat(129);
        for text in ["", "a.b", "a b", "ä", "a\0", "%41", too_long.as_str()] {
            assert!(SessionToken::parse(text).is_none(), "{text:?}");
        }
        assert!(SessionToken::parse("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3").is_some());
    }

    #[test]
    fn r_116_debug_shows_nothing_of_the_token() {
        let token = SessionToken::from_stored("f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3");
        assert!(!format!("{token:?}").contains("f0cJ"));
    }
}
