//! Percent-encoding as JavaScript's `encodeURIComponent` and `decodeURIComponent` do it.

use std::fmt::Write;

/// Encodes every byte of the UTF-8 text except `A-Za-z0-9` and `-_.!~*'()`, in upper-case hex (ECMA-262,
/// `encodeURIComponent`).
///
/// ```
/// use auth_core::encode_uri_component;
///
/// assert_eq!(encode_uri_component("token.MAC+/="), "token.MAC%2B%2F%3D");
/// assert_eq!(encode_uri_component("Zürich"), "Z%C3%BCrich");
/// ```
pub fn encode_uri_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Decodes percent escapes; `None` if an escape is malformed or the decoded bytes are not UTF-8 (ECMA-262,
/// `decodeURIComponent`, which throws an error instead).
///
/// ```
/// use auth_core::decode_uri_component;
///
/// assert_eq!(decode_uri_component("token.MAC%2B%2F%3D").as_deref(), Some("token.MAC+/="));
/// assert_eq!(decode_uri_component("100%"), None, "half an escape");
/// assert_eq!(decode_uri_component("%FF"), None, "no UTF-8");
/// ```
pub fn decode_uri_component(text: &str) -> Option<String> {
    if !text.as_bytes().contains(&b'%') {
        return Some(text.to_owned());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            decoded.push(hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unreserved_set_is_that_of_ecma_262() {
        let kept: String =
            (0_u8..128).map(char::from).filter(|c| encode_uri_component(&c.to_string()).len() == 1).collect();
        assert_eq!(kept, "!'()*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
    }

    #[test]
    fn every_text_survives_the_round_trip() {
        let ascii: String = (0_u8..128).map(char::from).collect();
        for text in ["", "ünïcode-✓-🔐", ascii.as_str()] {
            assert_eq!(decode_uri_component(&encode_uri_component(text)).as_deref(), Some(text));
        }
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for text in ["%", "%4", "%zz", "%+1", "a%C3", "%C3%28", "%80", "%ED%A0%80", "%C0%AF", "%F5%80%80%80"]
        {
            assert_eq!(decode_uri_component(text), None, "{text}");
        }
    }
}
