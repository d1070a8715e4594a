//! E-mail addresses, validated once and then trusted.

use std::fmt;

/// An e-mail address in lower case.
///
/// [`Email::parse`] accepts only Better Auth's grammar and checks it before lower-casing. Letters that become
/// ASCII only when lower-cased (`K`, U+212A) are therefore refused, instead of being turned into another
/// user's address. The text is not trimmed: white space makes the address invalid.
///
/// ```
/// use auth_core::Email;
///
/// let email = Email::parse("Ann.Lee@Example.com")?;
/// assert_eq!((email.as_str(), email.local_part()), ("ann.lee@example.com", "ann.lee"));
/// assert!(Email::parse(" ann@example.com").is_err(), "nothing is trimmed");
/// assert!(Email::parse("\u{212a}im@example.com").is_err(), "the Kelvin sign is no k");
/// # Ok::<(), auth_core::ParseEmailError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// The text is not an e-mail address of the accepted grammar. The error does not contain the text, because a
/// user may have typed anything into the field, such as a password.
///
/// ```
/// use auth_core::{Email, ParseEmailError};
///
/// let typed = "correct horse battery staple";
/// assert_eq!(Email::parse(typed), Err(ParseEmailError));
/// assert_eq!(ParseEmailError.to_string(), "not an e-mail address");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct ParseEmailError;

impl Email {
    /// Validates an address and lower-cases it.
    ///
    /// The grammar is Better Auth's (`/sign-up/email` of 1.7.25, through its schema library). Before the `@`
    /// are atoms of `A-Za-z0-9_'+-`, separated by dots; the last character is neither `'` nor `.`. After it
    /// are host labels of letters, digits and hyphens that do not start with a hyphen, then a last label of
    /// two letters or more.
    ///
    /// # Errors
    ///
    /// [`ParseEmailError`] if the text does not match that grammar.
    pub fn parse(text: &str) -> Result<Self, ParseEmailError> {
        let (local, domain) = text.split_once('@').ok_or(ParseEmailError)?;
        if is_local_part(local) && is_domain(domain) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(ParseEmailError)
        }
    }

    /// Creates an address from a database value without validation, so rows of other writers stay readable.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(local: &str) -> bool {
    let is_atom_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\'' | b'+' | b'-');
    let atoms_are_whole = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte));
    atoms_are_whole && !local.ends_with('\'')
}

fn is_domain(domain: &str) -> bool {
    let Some((labels, top)) = domain.rsplit_once('.') else {
        return false;
    };
    let is_label = |label: &str| {
        label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && label.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
    };
    labels.split('.').all(is_label) && top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_lower_cased() {
        let email = Email::parse("Ann@Example.COM").map(|email| email.as_str().to_owned());
        assert_eq!(email.as_deref(), Ok("ann@example.com"));
    }

    #[test]
    fn r_057_letters_that_fold_into_ascii_are_refused() {
        for text in
            ["\u{212a}ate@example.com", "ann@exam\u{212a}le.com", "\u{17f}am@example.com", "ｋ@example.com"]
        {
            assert_eq!(Email::parse(text), Err(ParseEmailError), "{text}");
        }
    }

    #[test]
    fn r_057_white_space_is_not_trimmed() {
        for text in [" a@b.co", "a@b.co ", "a@b.co\n", "a b@c.de"] {
            assert_eq!(Email::parse(text), Err(ParseEmailError), "{text:?}");
        }
    }
}
