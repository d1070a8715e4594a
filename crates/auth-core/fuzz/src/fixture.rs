//! Constants that all targets share: the secrets, the issuer and the time of the corpus.

use auth_core::{AccessTokenPolicy, SigningSecret};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use time::OffsetDateTime;
use time::macros::datetime;

/// The current time in every target.
pub(crate) const NOW: OffsetDateTime = datetime!(2030-01-15 12:34:56.789 UTC);

/// The secret of the published test vectors; it is not confidential.
const KNOWN: &str = "test-secret-0123456789-abcdefghijklmnopqrstuvwxyz";

const UNKNOWN: &str = "it signed nothing, and nothing is signed with it";

pub(crate) fn known_secret() -> SigningSecret {
    SigningSecret::parse(KNOWN).expect("long enough")
}

pub(crate) fn unknown_secret() -> SigningSecret {
    SigningSecret::parse(UNKNOWN).expect("long enough")
}

/// The issuer of the tokens in the corpus.
pub(crate) const ISSUER: &str = "https://auth.example.com";

pub(crate) fn policy() -> AccessTokenPolicy {
    AccessTokenPolicy::new(ISSUER)
}

/// HMAC-SHA256 under the known secret, computed with the `hmac` crate, independently of `auth-core`.
pub(crate) fn mac(message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(KNOWN.as_bytes()).expect("any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
