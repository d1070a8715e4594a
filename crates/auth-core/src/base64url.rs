//! base64url (RFC 7515 §2), and base64 as Better Auth's decoder accepts it.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// No padding, no white space, and no unused bits set in the last character: each value has exactly one
/// encoding.
pub(crate) const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// Decodes as Better Auth does. The alphabet is base64url if the text contains `-` or `_`, otherwise standard
/// base64. Padding is optional, decoding stops at the first `=`, and unused bits are ignored.
pub(crate) fn decode_loosely(text: &str) -> Option<Vec<u8>> {
    const LOOSE: GeneralPurpose = loose(&STANDARD);
    const LOOSE_URL: GeneralPurpose = loose(&URL_SAFE);

    let text = text.as_bytes();
    let engine = if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { &LOOSE_URL } else { &LOOSE };
    engine.decode(text.split(|byte| *byte == b'=').next()?).ok()
}

const fn loose(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(alphabet, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_011_decoding_is_strict() {
        for (text, expected) in
            [("", &b""[..]), ("Zg", b"f"), ("Zm8", b"fo"), ("Zm9v", b"foo"), ("-_-_", b"\xfb\xff\xbf")]
        {
            assert_eq!(BASE64URL.decode(text).as_deref(), Ok(expected), "{text}");
        }
        let refused = [
            "Zg==", "Zm8=", "Zg=", "Z", "Zm9vZ", "Zh", "Zm9", "Zm8 ", " Zm8", "Zm\n8", "Zm8\0", "+/+/",
            "Zm8.", "Zm9v=", "=", "Z\u{e9}",
        ];
        for text in refused {
            assert!(BASE64URL.decode(text).is_err(), "{text:?}");
        }
    }
}
