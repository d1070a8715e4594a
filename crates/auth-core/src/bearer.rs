//! The `Authorization` header of a request (RFC 6750 §2.1).

/// What the `Authorization` lines of a request say.
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
    /// None came, or one of another scheme, which is not for this reader.
    Absent,
    /// It names the scheme without a token, came twice, or is no text. To be refused, never to be passed over in
    /// favour of a cookie.
    Malformed,
    /// A token, unverified.
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

/// The token is a secret, so it is not shown.
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
