//! Valid names of PostgreSQL tables and columns.

/// Longest PostgreSQL identifier in bytes. PostgreSQL truncates longer ones without an error.
///
/// ```
/// use auth_core::{IDENTIFIER_MAX_BYTES, is_identifier};
///
/// assert!(is_identifier(&"a".repeat(IDENTIFIER_MAX_BYTES)));
/// assert!(!is_identifier(&"a".repeat(IDENTIFIER_MAX_BYTES + 1)));
/// ```
pub const IDENTIFIER_MAX_BYTES: usize = 63;

/// Whether a text can name a table or a column: letters, digits and `_`, at most [`IDENTIFIER_MAX_BYTES`],
/// and the first character is not a digit.
///
/// ```
/// use auth_core::is_identifier;
///
/// assert!(is_identifier("email_verified"));
/// for text in ["", "2fa", "e-mail", "\"", "größe", &"a".repeat(64)] {
///     assert!(!is_identifier(text), "{text}");
/// }
/// ```
pub fn is_identifier(text: &str) -> bool {
    text.len() <= IDENTIFIER_MAX_BYTES
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
