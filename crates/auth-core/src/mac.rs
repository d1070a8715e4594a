//! HMAC-SHA256, the one primitive behind signed cookies and HS256 tokens.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::signing_secret::SigningSecret;

/// Length of a MAC in bytes.
pub(crate) const MAC_BYTES: usize = 32;

/// Computes HMAC-SHA256 (RFC 2104) over `message` under the UTF-8 bytes of the secret.
pub(crate) fn hmac_sha256(secret: &SigningSecret, message: &[u8]) -> [u8; MAC_BYTES] {
    hmac_sha256_under(secret.key(), message)
}

fn hmac_sha256_under(key: &[u8], message: &[u8]) -> [u8; MAC_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use base64::Engine;

    use super::*;
    use crate::base64url::BASE64URL;

    #[test]
    fn rfc_7515_appendix_a_1() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = BASE64URL.decode(key).unwrap();
        let signing_input = concat!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.",
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        );
        let signature = BASE64URL.encode(hmac_sha256_under(&key, signing_input.as_bytes()));
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn rfc_4231_test_cases_2_and_6() {
        let check = |key: &[u8], message: &[u8], expected: &str| {
            let hex: String =
                hmac_sha256_under(key, message).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected);
        };
        check(
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }
}
