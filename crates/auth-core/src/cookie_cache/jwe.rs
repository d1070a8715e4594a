//! The `jwe` strategy: the payload as claims of an encrypted JWT.

use rand::CryptoRng;
use time::{Duration, OffsetDateTime};

use super::payload::{self, Payload, Reading};
use crate::jwe::{JweError, JweKeys};

/// Lifetime of a value if the user asked not to be remembered, whatever `maxAge` is (1.7.25,
/// `setCookieCache`).
pub(super) const UNREMEMBERED_TTL: Duration = Duration::seconds(300);

/// Encrypts with the current secret.
pub(super) fn write(
    payload: &Payload<'_>,
    ttl: Duration,
    now: OffsetDateTime,
    keys: &JweKeys,
    rng: &mut impl CryptoRng,
) -> Result<String, JweError> {
    keys.encrypt(payload, ttl, now, rng)
}

/// Reads a token that any known secret decrypts and that has not expired; `None` for every other token.
pub(super) fn read(value: &str, now: OffsetDateTime, keys: &JweKeys) -> Option<Reading> {
    payload::read_claims(&keys.open(value).ok()?, now)
}
