//! Parses the `Cookie` header as Better Auth does.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use super::percent::{decode_uri_component, encode_uri_component};

/// The cookies of one request.
///
/// The rules are those of better-call's `parseCookies` (Better Auth 1.7.25):
///
/// - Pairs are separated by `;`. A piece without `=` is ignored.
/// - Names and values are trimmed.
/// - Of two equal names, the first one counts.
/// - A value that starts with `"` loses its first and last character.
/// - The rest is percent-decoded. If that fails, it is used undecoded.
///
/// Bytes outside ASCII are read as Latin-1, as in Node. A malformed cookie of another application therefore
/// does not hide the others.
///
/// Better Auth reads the chunks of a cookie cache with another parser; `strict` follows its rules.
///
/// ```
/// use auth_core::RequestCookies;
///
/// let lines = [&b"theme=dark; city=Z%C3%BCrich"[..], b"theme=light"];
/// let cookies = RequestCookies::parse(lines);
/// assert_eq!(cookies.get("city").as_deref(), Some("Zürich"));
/// assert_eq!(cookies.get("theme").as_deref(), Some("dark"), "the first of two counts");
/// ```
#[derive(Clone, Default)]
pub struct RequestCookies {
    /// Names and values, including surrounding white space and quotes.
    pairs: Vec<(String, String)>,
}

impl RequestCookies {
    /// Parses the values of all `Cookie` header lines, in their order. HTTP/2 clients may send several (RFC
    /// 9113 §8.2.3).
    pub fn parse<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Self {
        #[cfg(feature = "testing")]
        crate::testing::counts::cookies_parsed();
        let mut cookies = Self::default();
        for header in headers {
            let header = latin1(header);
            for (name, value) in header.split(';').filter_map(|piece| piece.split_once('=')) {
                // Duplicates are kept. Searching for them here would take quadratic time, and the client
                // chooses the number of cookies.
                cookies.pairs.push((name.to_owned(), value.to_owned()));
            }
        }
        cookies
    }

    /// Returns the decoded value of the first cookie with that name.
    pub fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.pairs.iter().find(|(known, _)| trim(known) == name)?;
        Some(decode(unquote(trim(value))))
    }

    /// Returns the names in the order of the header, including duplicates.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| trim(name))
    }

    /// Returns the cookies as Better Auth's `bearer` plugin passes them on beside the one that it sets
    /// (`setRequestCookie`): parsed with the rules of `strict` and encoded again.
    #[must_use]
    pub fn rewritten(&self) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        for (name, value) in self.strict() {
            let value = encode_uri_component(&value);
            match known.get(name).and_then(|at| pairs.get_mut(*at)) {
                Some((_, earlier)) => *earlier = value,
                None => {
                    known.insert(name, pairs.len());
                    pairs.push((name.to_owned(), value));
                }
            }
        }
        Self { pairs }
    }

    /// Returns names and decoded values by the rules of Better Auth's other parser (`parseCookies` in Better
    /// Auth 1.7.25's `cookie-utils`), in the order of the header, including duplicates. In that parser the
    /// last of several equal names counts.
    ///
    /// Names are tokens of RFC 9110. Only spaces and tabs are trimmed. Quotes are removed only if both are
    /// present. A cookie is ignored if its value has characters other than those of RFC 6265 §4.1.1, space
    /// and comma.
    pub(super) fn strict(&self) -> impl Iterator<Item = (&str, String)> {
        let is_space = |c: char| matches!(c, ' ' | '\t');
        self.pairs.iter().filter_map(move |(name, value)| {
            let (name, value) = (name.trim_matches(is_space), value.trim_matches(is_space));
            let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            let value = inner.unwrap_or(value);
            (is_token(name) && value.bytes().all(is_value_byte)).then(|| (name, decode(value)))
        })
    }
}

/// Decodes bytes as Latin-1.
pub(super) fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Values contain session tokens, so `Debug` shows only names.
impl fmt::Debug for RequestCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// Whether a text can be a cookie's name: a token of RFC 9110 §5.6.2.
pub(super) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Whether a byte is a `cookie-octet` of RFC 6265 §4.1.1, a space or a comma.
fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b';' | b'\\')
}

fn decode(value: &str) -> String {
    decode_uri_component(value).unwrap_or_else(|| value.to_owned())
}

/// Trims white space as JavaScript's `trim` does, which does not include U+0085.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() && c != '\u{85}')
}

/// Removes the first and the last character of a value that starts with a quote, even if the last one is not
/// a quote (`slice(1, -1)` in Better Auth).
fn unquote(value: &str) -> &str {
    let Some(rest) = value.strip_prefix('"') else {
        return value;
    };
    let mut characters = rest.chars();
    characters.next_back();
    characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &[u8], name: &str, expected: Option<&str>) {
        let cookies = RequestCookies::parse([header]);
        assert_eq!(cookies.get(name).as_deref(), expected, "{}", header.escape_ascii());
    }

    #[test]
    fn values_are_read_as_the_reference_reads_them() {
        check(b"", "a", None);
        check(b"a", "a", None);
        check(b"a;b=1", "b", Some("1"));
        check(b"a=", "a", Some(""));
        check(b"  a \t=  1 2  ", "a", Some("1 2"));
        check(b"a=1=2", "a", Some("1=2"));
        check(b"a=first; a=second", "a", Some("first"));
        check(b"A=1", "a", None);
        check(b"a=\"x\"", "a", Some("x"));
        check(b"a=\"x", "a", Some(""));
        check(b"a=\"xy", "a", Some("x"));
        check(b"a=\"", "a", Some(""));
        check(b"a=%41%c3%a9", "a", Some("Aé"));
        check(b"a=%zz", "a", Some("%zz"));
        check(b"a=1 + 2", "a", Some("1 + 2"));
    }

    #[test]
    fn r_022_a_bad_cookie_does_not_spoil_its_neighbours() {
        check(b"x=\xff\xfe; a=1; y=%", "a", Some("1"));
        check(b"x=\xff\xfe; a=1; y=%", "x", Some("ÿþ"));
        check(b"x=\xc3\xbc", "x", Some("\u{c3}\u{bc}"));
        check(b"=;;==; a=1", "a", Some("1"));
    }

    #[test]
    fn rewritten_cookies_are_what_the_strict_rules_leave_of_them() {
        let cookies = RequestCookies::parse([&b"a=1; b=\"x y\"; c=\xff; d e=1; a=%41%3B; f=%zz; =; g"[..]]);
        let rewritten = cookies.rewritten();
        assert_eq!(rewritten.names().collect::<Vec<_>>(), ["a", "b", "f"]);
        assert_eq!(
            rewritten.pairs.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
            ["A%3B", "x%20y", "%25zz"]
        );
        assert_eq!(rewritten.get("a").as_deref(), Some("A;"), "the last of two, where it was the first");
        assert_eq!(cookies.get("a").as_deref(), Some("1"));
    }

    #[test]
    fn r_116_debug_shows_names_and_no_values() {
        let cookies = RequestCookies::parse([&b"a=hunter2; b=hunter3"[..]]);
        assert_eq!(format!("{cookies:?}"), r#"["a", "b"]"#);
    }

    #[test]
    fn several_header_lines_count_as_one() {
        let cookies = RequestCookies::parse([&b"a=1; b=2"[..], b"b=3; c=4"]);
        assert_eq!(cookies.names().collect::<Vec<_>>(), ["a", "b", "b", "c"]);
        assert_eq!(cookies.get("b").as_deref(), Some("2"));
    }
}
