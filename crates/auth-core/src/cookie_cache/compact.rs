//! The `compact` strategy: JSON with a MAC, in base64url.
//!
//! The MAC does not cover the text that the client sent. It covers the text that `JSON.stringify` returns for
//! the result of `JSON.parse`, with every text that looks like a date formatted again. This is therefore the
//! only place where JSON is parsed before its MAC is checked. It is parsed into plain values that are not
//! interpreted, within the limits of [`MAX_VALUE_BYTES`](payload::MAX_VALUE_BYTES) and of serde_json's depth.

use base64::Engine;
use serde::ser::{Serialize, SerializeMap, Serializer};
use time::{Duration, OffsetDateTime};

use super::payload::{self, Payload, Reading};
use crate::base64url::{BASE64URL, decode_loosely};
use crate::constant_time;
use crate::signing_secret::SigningSecret;
use crate::wire::json::{self, Json};
use crate::wire::unix_milliseconds;

/// Lifetime of a value if the user asked not to be remembered (1.7.25, `setCookieCache`).
pub(super) const UNREMEMBERED_TTL: Duration = Duration::seconds(60);

/// Writes `{"session":…,"expiresAt":…,"signature":…}`.
pub(super) fn write(
    payload: &Payload<'_>,
    ttl: Duration,
    now: OffsetDateTime,
    secret: &SigningSecret,
) -> Result<String, serde_json::Error> {
    let payload = json::to_string(payload)?;
    let expires_at = unix_milliseconds(now.saturating_add(ttl));
    // The signed text is the payload with one more member at its end.
    let open = payload.strip_suffix('}').unwrap_or(&payload);
    let signed = format!(r#"{open},"expiresAt":{expires_at}}}"#);
    let signature = BASE64URL.encode(secret.mac(signed.as_bytes()));
    let text = format!(r#"{{"session":{payload},"expiresAt":{expires_at},"signature":"{signature}"}}"#);
    Ok(BASE64URL.encode(text))
}

/// Reads a value with a valid MAC that has not expired; `None` for every other value.
pub(super) fn read(value: &str, now: OffsetDateTime, secret: &SigningSecret) -> Option<Reading> {
    let mut envelope: Json = serde_json::from_slice(&decode_loosely(value)?).ok()?;
    envelope.revive_dates();
    let Json::Number(expires_at) = envelope.take("expiresAt")? else { return None };
    let Json::Text(signature) = envelope.take("signature")? else { return None };
    let Json::Object(payload) = envelope.take("session")? else { return None };
    let signed = json::to_string(&Signed { payload: &payload, expires_at }).ok()?;
    if !constant_time::equal(&secret.mac(signed.as_bytes()), &decode_loosely(&signature)?) {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "milliseconds until the year 287,396 are exact")]
    if expires_at < unix_milliseconds(now) as f64 {
        return None;
    }
    payload::read(Json::Object(payload), now)
}

/// The signed object: the payload with the value's expiry as `expiresAt`. A payload member of that name is
/// replaced; otherwise the member is added at the end.
struct Signed<'a> {
    payload: &'a [(String, Json)],
    expires_at: f64,
}

impl Serialize for Signed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NAME: &str = "expiresAt";
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.payload {
            if name == NAME {
                map.serialize_entry(name, &self.expires_at)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        if self.payload.iter().all(|(name, _)| name != NAME) {
            map.serialize_entry(NAME, &self.expires_at)?;
        }
        map.end()
    }
}
