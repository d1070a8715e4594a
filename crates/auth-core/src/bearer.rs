//! The `Authorization` header of a request (RFC 6750 §2.1).

/// The content of a request's `Authorization` header.
///
/// ```
/// use auth_core::Bearer;
///
/// assert_eq!(Bearer::read([&b"bearer abc"[..]]), Bearer::Token("abc"));
/// assert_eq!(Bearer::read([&b"Basic abc"[..]]), Bearer::Absent);
/// assert_eq!(Bearer::read([&b"Bearer a"[..], b"Bearer b"]), Bearer::Malformed);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bearer<'h> {
    /// There is no `Authorization` header, or it has another scheme.
    Absent,
    /// The header has no token or several, occurs more than once, or is not text. The request must be
    /// refused; the cookies must not be used instead.
    Malformed,
    /// A token that is not verified yet.
    Token(&'h str),
}

impl<'h> Bearer<'h> {
    /// Reads the values of all `Authorization` lines.
    pub fn read(lines: impl IntoIterator<Item = &'h [u8]>) -> Self {
        let mut lines = lines.into_iter();
        let line = match (lines.next(), lines.next()) {
            (None, _) => return Self::Absent,
            (Some(line), None) => line,
            (Some(_), Some(_)) => return Self::Malformed,
        };
        let is_text = line.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        let Some(line) = std::str::from_utf8(line).ok().filter(|_| is_text) else {
            return Self::Malformed;
        };
        let line = line.trim();
        let (scheme, token) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Self::Absent;
        }
        match token.trim() {
            "" => Self::Malformed,
            token if token.contains([' ', '\t', ',']) => Self::Malformed,
            token => Self::Token(token),
        }
    }
}

/// Hides the token, because it is a secret.
impl std::fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Malformed => "Malformed",
            Self::Token(_) => "Token(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&[u8]], expected: Bearer<'_>) {
        assert_eq!(Bearer::read(lines.iter().copied()), expected, "{lines:?}");
    }

    #[test]
    fn r_017_one_bearer_header_whatever_the_case_of_its_scheme() {
        check(&[], Bearer::Absent);
        check(&[b"Bearer abc"], Bearer::Token("abc"));
        check(&[b"bearer abc"], Bearer::Token("abc"));
        check(&[b"BEARER   abc  "], Bearer::Token("abc"));
        check(&[b"Bearer\tabc"], Bearer::Token("abc"));
        check(&[b"Basic abc"], Bearer::Absent);
        check(&[b"Bearerabc"], Bearer::Absent);
        check(&[b"Bearer"], Bearer::Malformed);
        check(&[b"Bearer "], Bearer::Malformed);
        check(&[b"Bearer a b"], Bearer::Malformed);
        check(&[b"Bearer a,b"], Bearer::Malformed);
        check(&[b"Bearer a", b"Bearer a"], Bearer::Malformed);
        check(&[b"Basic a", b"Bearer a"], Bearer::Malformed);
        check(&[b"Bearer \xff"], Bearer::Malformed);
        check(&["Bearer ä".as_bytes()], Bearer::Malformed);
    }

    #[test]
    fn r_116_debug_shows_no_token() {
        assert_eq!(format!("{:?}", Bearer::Token("hunter2")), "Token(..)");
    }
}
