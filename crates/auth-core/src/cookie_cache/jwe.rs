//! The `jwe` strategy: the payload as claims of an encrypted JWT.

use rand::CryptoRng;
use time::{Duration, OffsetDateTime};

use super::payload::{self, Payload, Reading};
use crate::jwe::{JweError, JweKeys};

/// Life of a value for a user who is not remembered, whatever `maxAge` says (1.7.25, `setCookieCache`).
pub(super) const UNREMEMBERED_TTL: Duration = Duration::seconds(300);

/// Encrypts under the current secret.
pub(super) fn write(
    payload: &Payload<'_>,
    ttl: Duration,
    now: OffsetDateTime,
    keys: &JweKeys,
    rng: &mut impl CryptoRng,
) -> Result<String, JweError> {
    keys.encrypt(payload, ttl, now, rng)
}

/// Reads a token of any known secret whose time is not over; `None` for every other.
pub(super) fn read(value: &str, now: OffsetDateTime, keys: &JweKeys) -> Option<Reading> {
    payload::read_claims(&keys.open(value).ok()?, now)
}
