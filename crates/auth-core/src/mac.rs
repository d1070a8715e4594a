//! HMAC-SHA256, the primitive behind signed cookies and HS256 tokens.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Length of a MAC in bytes.
pub(crate) const MAC_BYTES: usize = 32;

/// A MAC key, kept as the two hash states after the padded key. Computing them takes two of the four hash
/// blocks of a MAC over a short text, so it is done once per key.
///
/// The states are as secret as the key. They are wiped on drop, and so is each copy in which a MAC is
/// computed (feature `zeroize` of `hmac` and `sha2`).
#[derive(Clone)]
pub(crate) struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Creates a key from any number of bytes.
    pub(crate) fn new(key: &[u8]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
        let state = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Self(state)
    }

    /// Computes HMAC-SHA256 (RFC 2104) over `message`.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; MAC_BYTES] {
        let mut mac = self.0.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
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
        let signature = BASE64URL.encode(MacKey::new(&key).mac(signing_input.as_bytes()));
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn a_key_signs_any_number_of_messages() {
        let key = MacKey::new(b"Jefe");
        let first = key.mac(b"one");
        assert_ne!(first, key.mac(b"two"));
        assert_eq!(first, key.mac(b"one"));
        assert_eq!(format!("{key:?}"), "MacKey(..)");
    }

    /// Compiles only if a hash state is wiped on drop. An `Hmac` consists of two hash states and a buffer.
    #[test]
    fn r_116_hash_states_are_wiped_on_drop() {
        fn wiped<T: zeroize::ZeroizeOnDrop>() {}
        wiped::<Sha256>();
    }

    #[test]
    fn rfc_4231_test_cases_2_and_6() {
        let check = |key: &[u8], message: &[u8], expected: &str| {
            let hex: String =
                MacKey::new(key).mac(message).iter().map(|byte| format!("{byte:02x}")).collect();
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
