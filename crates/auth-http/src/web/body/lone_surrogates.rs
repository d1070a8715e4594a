//! Lone surrogate escapes in JSON, which a JavaScript string can hold and a Rust string cannot.

use std::borrow::Cow;

/// Replaces each `\uD800`..`\uDFFF` escape that is not part of a surrogate pair with `\uFFFD`. Better Auth's
/// text becomes the same when it is encoded as UTF-8.
pub(super) fn replace_lone_surrogates(json: &str) -> Cow<'_, str> {
    if !json.contains("\\u") {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = split_at_escape(rest) {
        text.push_str(before);
        let (kept, after) = match unit(escape) {
            Some(0xD800..=0xDBFF) => match escape.get(6..).and_then(unit) {
                Some(0xDC00..=0xDFFF) => escape.split_at(12),
                _ => ("\\ufffd", escape.get(6..).unwrap_or_default()),
            },
            Some(0xDC00..=0xDFFF) => ("\\ufffd", escape.get(6..).unwrap_or_default()),
            // Another escape, such as `\\` or `\n`. Both its characters are skipped together, so that the
            // second backslash of `\\u` does not start an escape.
            _ => escape.split_at(second_boundary(escape)),
        };
        text.push_str(kept);
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn split_at_escape(text: &str) -> Option<(&str, &str)> {
    text.find('\\').map(|at| text.split_at(at))
}

/// Parses a `\uXXXX` escape at the start of the text.
fn unit(escape: &str) -> Option<u16> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

/// Returns the position after the character that follows the backslash.
fn second_boundary(escape: &str) -> usize {
    escape.char_indices().nth(2).map_or(escape.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(replace_lone_surrogates(input), expected, "{input}");
    }

    #[test]
    fn only_halves_without_their_other_half_are_replaced() {
        check(r#""\ud83d\ude00""#, r#""\ud83d\ude00""#);
        check(r#""\ud83d""#, r#""\ufffd""#);
        check(r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#);
        check(r#""\ud83dx\ude00""#, r#""\ufffdx\ufffd""#);
        check(r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#);
        check(r#""\\ud83d""#, r#""\\ud83d""#);
        check(r#""\\\ud83d""#, r#""\\\ufffd""#);
        check(r#""\u00e9\n""#, r#""\u00e9\n""#);
        check(r#""\ud8"#, r#""\ud8"#);
        check("\"\\", "\"\\");
        check("\"\\ü", "\"\\ü");
    }
}
