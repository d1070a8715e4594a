//! E-mail addresses, one per line. Two different addresses must never mean the same account.
//!
//! - The verdict is that of Better Auth's own regular expression, which the `regex` crate evaluates.
//! - An accepted address is lower-case ASCII, parses to itself, and fits in a header.
//! - Two texts give one address if they differ only in ASCII case, and not otherwise.

use std::sync::LazyLock;

use auth_core::Email;
use regex::Regex;

/// Maximum number of addresses that are compared with each other.
const MOST: usize = 16;

/// The regular expression of Better Auth's `email()` (Better Auth 1.7.25, zod 4).
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let local = r"(?:[A-Za-z0-9_'+\-]+\.)*[A-Za-z0-9_'+\-]*[A-Za-z0-9_+-]";
    let domain = r"(?:[A-Za-z0-9][A-Za-z0-9\-]*\.)+[A-Za-z]{2,}";
    Regex::new(&format!("^{local}@{domain}$")).expect("a valid expression")
});

pub(crate) fn read(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let mut taken: Vec<(&str, Email)> = Vec::new();
    for line in text.split('\n').take(MOST) {
        let email = Email::parse(line);
        assert_eq!(email.is_ok(), GRAMMAR.is_match(line), "{line:?}");
        let Ok(email) = email else { continue };
        let address = email.as_str();
        assert_eq!(address.len(), line.len());
        assert!(address.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !byte.is_ascii_uppercase()));
        assert_eq!(Email::parse(address).as_ref(), Ok(&email));
        assert!(address.starts_with(&format!("{}@", email.local_part())));
        for (other_text, other) in &taken {
            assert_eq!(email == *other, line.eq_ignore_ascii_case(other_text), "{line} {other_text}");
        }
        taken.push((line, email));
    }
    !taken.is_empty()
}
