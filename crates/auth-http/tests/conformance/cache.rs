//! Opens cookie caches (Better Auth core §9) with the secret and nothing of this project's own codec for them, so that
//! what is inside can be compared: the payload is shown as text, the signature as `<signed>`, but only if it is right.

use auth_core::jwe::{JweKeys, Use};
use auth_core::{SigningSecret, VersionedSecrets};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use crate::keys::PublicKeys;
use crate::normalise::percent_decode;

/// How far a number of seconds or milliseconds may lie from whole minutes after this moment.
const TOLERANCE: Duration = Duration::seconds(25);

/// What both servers of a test sign and encrypt with.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    current: String,
    pub(crate) all: VersionedSecrets,
    /// Public keys beside the secrets, of the `jwt` plugin.
    pub(crate) keys: PublicKeys,
}

impl Secrets {
    /// A server with one secret.
    pub(crate) fn single(secret: &str) -> Self {
        let parsed = SigningSecret::parse(secret).expect("a usable secret");
        Self {
            current: secret.to_owned(),
            all: VersionedSecrets::single(parsed),
            keys: PublicKeys::default(),
        }
    }

    /// The published secret of the recordings.
    pub(crate) fn published(secret: &str) -> Self {
        Self::single(secret)
    }

    /// A server with several, as `BETTER_AUTH_SECRETS` has them: `<version>:<secret>`, the current one first.
    pub(crate) fn versioned(list: &str) -> Self {
        let first = list.split(',').next().and_then(|entry| entry.split_once(':'));
        let current = first.expect("a version and a secret").1.to_owned();
        let all = VersionedSecrets::parse(list).expect("usable secrets");
        Self { current, all, keys: PublicKeys::default() }
    }

    /// The same beside these keys.
    pub(crate) fn with_keys(self, keys: PublicKeys) -> Self {
        Self { keys, ..self }
    }
}

/// Shows the caches among `Set-Cookie` lines; a chunked one in its first chunk.
pub(crate) fn open(lines: &[&str], secrets: &Secrets, now: OffsetDateTime) -> Vec<String> {
    let parts = lines.iter().filter_map(|line| part(line));
    let mut chunks: Vec<_> = parts.filter_map(|(name, value, _)| Some((number(name)?, value))).collect();
    chunks.sort_by_key(|(number, _)| *number);
    let whole: String = chunks.iter().map(|(_, value)| *value).collect();
    let shown = lines.iter().map(|line| {
        let Some((name, value, attributes)) = part(line) else { return (*line).to_owned() };
        let contents = |value: &str| contents(&percent_decode(value), secrets, now);
        let value = match (number(name), chunks.len()) {
            (None, _) => contents(value),
            (Some(0), 1) => contents(&whole),
            (Some(0), many) => format!("<1 of {many}> {}", contents(&whole)),
            (Some(number), many) => format!("<{} of {many}>", number + 1),
        };
        format!("{name}={}; {attributes}", value.replace('%', "%25").replace(';', "%3B"))
    });
    shown.collect()
}

/// The number of a chunk; none for a cookie that is whole, of which an answer may have several.
fn number(name: &str) -> Option<usize> {
    name.rsplit_once('.').and_then(|(_, number)| number.parse().ok())
}

/// Name, value and attributes of a line that sets a cookie cache or a chunk of one.
fn part<'l>(line: &&'l str) -> Option<(&'l str, &'l str, &'l str)> {
    let (pair, attributes) = line.split_once("; ")?;
    let (name, value) = pair.split_once('=')?;
    let is_cache = name.contains("session_data") || name.ends_with("_cache");
    (is_cache && !value.is_empty()).then_some((name, value, attributes))
}

fn contents(value: &str, secrets: &Secrets, now: OffsetDateTime) -> String {
    let secret = secrets.current.as_bytes();
    let parts: Vec<&str> = value.split('.').collect();
    let shown = match *parts.as_slice() {
        [_] => compact(value, secret),
        // One that names a key is under that key, others are under the secret.
        [header, claims, signature] => match secrets.keys.open(value) {
            Some(opened) => Some(format!("jwt {opened}")),
            None => jwt(header, claims, signature, secret),
        },
        [header, "", _, _, _] => jwe(value, header, secrets, now),
        _ => None,
    };
    shown.map_or_else(|| format!("<unreadable> {value}"), |shown| numbers(&shown, now))
}

/// The text under unpadded base64url.
pub(crate) fn decode(text: &str) -> Option<String> {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// A signature as both servers write it into a cache.
pub(crate) fn mac(message: &str, secret: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(message.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

fn judged(right: bool) -> &'static str {
    if right { "<signed>" } else { "<forged>" }
}

/// `{"session":<payload>,"expiresAt":<ms>,"signature":"<s>"}`; the MAC is over the payload with `expiresAt` as its last member.
fn compact(value: &str, secret: &[u8]) -> Option<String> {
    let text = decode(value)?;
    let (payload, rest) = text.strip_prefix("{\"session\":")?.rsplit_once(",\"expiresAt\":")?;
    let (expires_at, signature) = rest.strip_suffix("\"}")?.split_once(",\"signature\":\"")?;
    let message = format!("{},\"expiresAt\":{expires_at}}}", payload.strip_suffix('}')?);
    let right = mac(&message, secret) == signature;
    Some(format!("compact {message} {}", judged(right)))
}

fn jwt(header: &str, claims: &str, signature: &str, secret: &[u8]) -> Option<String> {
    let right = mac(&format!("{header}.{claims}"), secret) == signature;
    Some(format!("jwt {} {} {}", decode(header)?, decode(claims)?, judged(right)))
}

/// The order of the members is lost on the way; it is invisible to whoever lacks the secret.
fn jwe(value: &str, header: &str, secrets: &Secrets, now: OffsetDateTime) -> Option<String> {
    let mut header: Value = serde_json::from_str(&decode(header)?).ok()?;
    assert!(header["kid"].is_string(), "{header}");
    header["kid"] = "<key>".into();
    let mut claims = JweKeys::derive(&secrets.all, Use::SessionCache).decrypt(value, now).ok()?;
    let unique = claims.remove("jti")?;
    assert_eq!(unique.as_str().map(str::len), Some(36), "a UUID: {unique}");
    Some(format!("jwe {header} {} <encrypted>", Value::Object(claims)))
}

/// Replaces members that are seconds or milliseconds since 1970 by how far they lie from now, in minutes.
pub(crate) fn numbers(text: &str, now: OffsetDateTime) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\":").map(|at| at + 2) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = match digits {
            10 => 1,
            13 => 1000,
            _ => continue,
        };
        let number: i64 = rest[..digits].parse().expect("digits");
        let time = OffsetDateTime::from_unix_timestamp(number / unit).expect("a time");
        out.push_str(&minutes(time - now));
        rest = &rest[digits..];
    }
    out + rest
}

fn minutes(away: Duration) -> String {
    let minutes = (away.as_seconds_f64() / 60.0).round() as i64;
    if (away - Duration::minutes(minutes)).abs() > TOLERANCE {
        return format!("<{}s from now>", away.whole_seconds());
    }
    if minutes == 0 { "<now>".to_owned() } else { format!("<now{minutes:+}m>") }
}
