//! base64url as RFC 7515 §2 has it, and base64 as the reference's decoder takes it.

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// No padding, no white space, no stray bits in the last character: one spelling of each value.
pub(crate) const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// Decodes as the reference does: in the alphabet that the text shows signs of, with padding or without, up
/// to the first `=`, and without a look at unused bits.
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
