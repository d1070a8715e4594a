//! HMAC-SHA256, the one primitive behind signed cookies and HS256 tokens.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::signing_secret::SigningSecret;

/// Length of a MAC in bytes.
pub(crate) const MAC_BYTES: usize = 32;

/// Computes HMAC-SHA256 (RFC 2104) over `message` under the UTF-8 bytes of the secret.
pub(crate) fn hmac_sha256(secret: &SigningSecret, message: &[u8]) -> [u8; MAC_BYTES] {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.key()).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
