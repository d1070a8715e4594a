//! Better Auth's signed cookie, and its cookie cache of strategy `compact`, read with HMAC-SHA256.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::digest::InvalidLength;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;
use time::OffsetDateTime;

const SESSION_TOKEN: &str = "better-auth.session_token";
const SESSION_DATA: &str = "better-auth.session_data";

/// Makes and checks signatures with one secret.
#[derive(Clone)]
pub(crate) struct Signatures(Hmac<Sha256>);

/// A cookie cache with its payload as sent.
#[derive(Deserialize)]
struct Cache<'a> {
    #[serde(borrow)]
    session: &'a RawValue,
    #[serde(rename = "expiresAt")]
    expires_at: i64,
    signature: &'a str,
}

impl Signatures {
    pub(crate) fn new(secret: &[u8]) -> Result<Self, InvalidLength> {
        Hmac::new_from_slice(secret).map(Self)
    }

    /// Builds the signed cookie of a session.
    pub(crate) fn session_cookie(&self, token: &str) -> String {
        let signature = STANDARD.encode(self.keyed(token.as_bytes()).finalize().into_bytes());
        let escaped = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("{SESSION_TOKEN}={token}.{escaped}")
    }

    /// Returns the token of the session cookie if its signature is valid.
    pub(crate) fn session_token(&self, header: &str) -> Option<String> {
        let text = unescape(cookie(header, SESSION_TOKEN)?)?;
        let (token, signature) = text.rsplit_once('.')?;
        self.is_signed(token.as_bytes(), &STANDARD.decode(signature).ok()?).then(|| token.to_owned())
    }

    /// Returns the payload of the cookie cache if its signature is valid and it has not expired.
    pub(crate) fn session_data(&self, header: &str, now: OffsetDateTime) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cookie(header, SESSION_DATA)?).ok()?;
        let cache: Cache<'_> = serde_json::from_slice(&bytes).ok()?;
        let Cache { session, expires_at, signature } = cache;
        let open = session.get().strip_suffix('}')?;
        let signed = format!(r#"{open},"expiresAt":{expires_at}}}"#);
        let is_signed = self.is_signed(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?);
        let is_current = i128::from(expires_at) >= now.unix_timestamp_nanos() / 1_000_000;
        (is_signed && is_current).then(|| session.get().to_owned())
    }

    fn is_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        self.keyed(text).verify_slice(signature).is_ok()
    }

    fn keyed(&self, text: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(text);
        mac
    }
}

/// The value of a cookie.
fn cookie<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Decodes the output of `encodeURIComponent`.
fn unescape(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut plain = parts.next()?.to_owned();
    for part in parts {
        plain.push(char::from(u8::from_str_radix(part.get(..2)?, 16).ok()?));
        plain.push_str(part.get(2..)?);
    }
    Some(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn the_cookie_of_a_session_reads_back_and_no_other_does() {
        let signatures = Signatures::new(SECRET).unwrap();
        for token in ["f0cJ6Kx2zx0q9d2ODjV18XSQlpR5Xip3", "a", "b", "c"] {
            let cookie = signatures.session_cookie(token);
            assert_eq!(signatures.session_token(&format!("x=1; {cookie}; y=2")).as_deref(), Some(token));
            let forged = cookie.replacen(token, "another", 1);
            assert_eq!(signatures.session_token(&forged), None);
        }
    }

    #[test]
    fn a_cookie_cache_is_read_while_it_is_good() {
        let signatures = Signatures::new(SECRET).unwrap();
        let signed = r#"{"user":{},"expiresAt":1000}"#;
        let signature = URL_SAFE_NO_PAD.encode(signatures.keyed(signed.as_bytes()).finalize().into_bytes());
        let header = |end: i64| {
            let text =
                format!(r#"{{"session":{{"user":{{}}}},"expiresAt":{end},"signature":"{signature}"}}"#);
            format!("{SESSION_DATA}={}", URL_SAFE_NO_PAD.encode(text))
        };
        let first = OffsetDateTime::UNIX_EPOCH;
        let read = |end, at| signatures.session_data(&header(end), at);
        assert_eq!(read(1000, first).as_deref(), Some(r#"{"user":{}}"#));
        assert_eq!(read(1000, first + time::Duration::seconds(2)), None);
        assert_eq!(read(1001, first), None);
    }
}
