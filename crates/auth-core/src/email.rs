//! E-mail addresses, checked once and then trusted.

use std::fmt;

/// An e-mail address in lower case.
///
/// [`Email::parse`] admits the reference's grammar and nothing else, before any change of case, so that
/// letters which only become ASCII when lower-cased (`K`, U+212A) are refused rather than folded into
/// another person's address. There is no trimming: white space makes the address invalid.
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

/// The text is not an e-mail address of the accepted grammar. It does not carry the text, which
/// may be anything that a user typed into the wrong field.
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
    /// Checks the grammar and lower-cases.
    ///
    /// The grammar is Better Auth's (`/sign-up/email` of 1.7.25, through its schema library):
    /// dot-separated atoms of `A-Za-z0-9_'+-` before the `@`, the last character of which is none of
    /// `'` and `.`; after it host labels of letters, digits and hyphens that start with no hyphen, and
    /// a last label of two letters or more.
    ///
    /// # Errors
    ///
    /// [`ParseEmailError`] when the text is outside that grammar.
    pub fn parse(text: &str) -> Result<Self, ParseEmailError> {
        let (local, domain) = text.split_once('@').ok_or(ParseEmailError)?;
        if is_local_part(local) && is_domain(domain) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(ParseEmailError)
        }
    }

    /// Takes an address as the database gives it, unchecked: rows of other writers stay readable.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Gives the address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the part before the `@`.
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
