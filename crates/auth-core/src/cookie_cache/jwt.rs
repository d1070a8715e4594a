//! The `jwt` strategy: the payload as claims of a JWT signed with HS256.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::payload::{self, MAX_VALUE_BYTES, Payload, Reading};
use crate::jws;
use crate::numeric_date;
use crate::signing_secret::SigningSecret;

/// Lifetime of a value if the user asked not to be remembered, whatever `maxAge` is (1.7.25,
/// `setCookieCache`).
pub(super) const UNREMEMBERED_TTL: Duration = Duration::seconds(300);

#[derive(Serialize)]
struct CacheClaims<'a> {
    #[serde(flatten)]
    payload: &'a Payload<'a>,
    iat: i64,
    exp: i64,
}

/// Writes the payload, then `iat` and `exp`.
pub(super) fn write(
    payload: &Payload<'_>,
    ttl: Duration,
    now: OffsetDateTime,
    secret: &SigningSecret,
) -> Result<String, serde_json::Error> {
    let iat = numeric_date::seconds(now);
    let claims = CacheClaims { payload, iat, exp: iat.saturating_add(ttl.whole_seconds()) };
    jws::sign(jws::Kind::Untyped, &claims, secret)
}

/// Reads a token that is signed with HS256, has an `exp` and has either no `typ` or the `typ` `JWT`; `None`
/// for every other token.
pub(super) fn read(value: &str, now: OffsetDateTime, secret: &SigningSecret) -> Option<Reading> {
    let (typ, content) = jws::verify_within(MAX_VALUE_BYTES, value, secret.mac_key()).ok()?;
    if typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return None;
    }
    payload::read_claims(&content, now)
}
