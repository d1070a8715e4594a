//! Compact JSON Web Signatures with HS256 (RFC 7515, RFC 7518 §3.2), and nothing else.
//!
//! The algorithm is fixed here; the header cannot choose it. A token is split and its signature checked
//! before any of its JSON is read. A verified signature does not yet identify a caller:
//! [`AccessTokenVerifier`](crate::AccessTokenVerifier), [`EmailTokens`](crate::EmailTokens) and
//! [`ForeignTokenVerifier`](crate::ForeignTokenVerifier) decide whether the claims are those of an access
//! token, an e-mail token or a foreign token. No two of them accept the same token.
//!
//! **Low level.** Servers use those three types. This module is public for tools, and for tests that need a
//! token which none of the three would issue.

use std::borrow::Cow;

use base64::Engine;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::base64url::BASE64URL;
use crate::constant_time;
use crate::mac::{MAC_BYTES, MacKey};
use crate::signing_secret::SigningSecret;
use crate::wire::json;

/// Maximum length of a token in bytes. Tokens of this crate have about 500.
///
/// ```
/// use auth_core::jws::{JwsError, MAX_TOKEN_BYTES, verify};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let endless = "x".repeat(MAX_TOKEN_BYTES + 1);
/// assert!(matches!(verify(&endless, &secret), Err(JwsError::TooLong)));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The only algorithm.
const ALGORITHM: &str = "HS256";

/// `typ` of access tokens (RFC 9068 §2.1).
pub(crate) const ACCESS_TOKEN_TYPE: &str = "at+jwt";

/// The headers that this crate writes, and their base64url. Nearly every token begins with one of them, so
/// they are recognised without decoding.
const UNTYPED: (&str, &str) = (r#"{"alg":"HS256"}"#, "eyJhbGciOiJIUzI1NiJ9");
const ACCESS_TOKEN: (&str, &str) =
    (r#"{"alg":"HS256","typ":"at+jwt"}"#, "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9");

/// Length in characters of a signature: 32 bytes in base64url.
const SIGNATURE_LENGTH: usize = 43;

/// The kind of a token to sign, which decides its protected header.
///
/// ```
/// use auth_core::jws::{Kind, sign, verify};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let claims = serde_json::json!({});
/// let untyped = sign(Kind::Untyped, &claims, &secret)?;
/// let access = sign(Kind::AccessToken, &claims, &secret)?;
/// assert_eq!(verify(&untyped, &secret)?.typ, None);
/// assert_eq!(verify(&access, &secret)?.typ.as_deref(), Some("at+jwt"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{"alg":"HS256"}`, as Better Auth writes its e-mail tokens and cookie caches.
    Untyped,
    /// `{"alg":"HS256","typ":"at+jwt"}` (RFC 9068 §2.1).
    AccessToken,
}

/// A token whose signature is correct. A holder of the secret wrote its claims.
///
/// Only the signature is verified; the caller must check the claims:
///
/// ```
/// use auth_core::jws;
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let token = jws::sign(jws::Kind::Untyped, &serde_json::json!({"sub": "u1", "exp": 0}), &secret)?;
/// let verified = jws::verify(&token, &secret)?;
/// assert_eq!(verified.claims["exp"], 0, "over since 1970");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The header's `typ`.
    pub typ: Option<String>,
    /// The payload.
    pub claims: Map<String, Value>,
}

/// Why a text was refused before its claims were read.
///
/// ```
/// use auth_core::jws::{JwsError, verify};
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// // {"alg":"none"}, {"sub":"u1"} and no signature:
/// let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.";
/// assert!(matches!(verify(unsigned, &secret), Err(JwsError::Signature)));
/// assert_eq!(verify("f0cJ6Kx2zx0q9d2O", &secret).unwrap_err().to_string(), "token is not in compact form");
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum JwsError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("token is too long")]
    TooLong,
    /// The token does not have three parts with dots between them.
    #[error("token is not in compact form")]
    NotCompact,
    /// The signature is wrong, or is not base64url.
    #[error("signature is wrong")]
    Signature,
    /// The header or the payload is not strict base64url.
    #[error("token is not base64url")]
    Encoding(#[source] base64::DecodeError),
    /// The header or the payload is not JSON. The source error gives a position and does not quote the text.
    #[error("token does not hold JSON")]
    Json(#[source] serde_json::Error),
    /// The header or the payload is JSON but not an object.
    #[error("token does not hold JSON objects")]
    NotAnObject,
    /// The header names another algorithm than the key's, or none.
    #[error("algorithm is not that of the key")]
    Algorithm,
    /// The header names no key id, or another one than that of the key which verifies the token.
    #[error("token is not signed with this key")]
    Key,
    /// The header requires an extension (`crit`, `b64`). None is supported.
    #[error("header asks for an unknown extension")]
    Extension,
    /// The header's `typ` is not a string.
    #[error("header has a malformed type")]
    Type,
}

/// Signs claims.
///
/// A token that no verifier of this crate accepts, for a test of the refusal:
///
/// ```
/// use auth_core::{ForeignTokenVerifier, VerifyError, jws};
///
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// let token = jws::sign(jws::Kind::Untyped, &serde_json::json!({"sub": "u1"}), &secret)?;
/// let endless = ForeignTokenVerifier::new(None, secret).verify(&token, now);
/// assert!(matches!(endless, Err(VerifyError::MissingClaim { name: "exp" })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The serializer's error, if `claims` cannot be serialized as JSON.
pub fn sign(
    kind: Kind,
    claims: &impl Serialize,
    secret: &SigningSecret,
) -> Result<String, serde_json::Error> {
    let (_, header) = match kind {
        Kind::Untyped => UNTYPED,
        Kind::AccessToken => ACCESS_TOKEN,
    };
    let claims = json::to_string(claims)?;
    let mut token = String::with_capacity(header.len() + claims.len().div_ceil(3) * 4 + SIGNATURE_LENGTH + 2);
    token.push_str(header);
    token.push('.');
    BASE64URL.encode_string(claims, &mut token);
    let signature = secret.mac(token.as_bytes());
    token.push('.');
    BASE64URL.encode_string(signature, &mut token);
    Ok(token)
}

/// Checks form and signature, and returns the claims unchecked.
///
/// The order is length, form, signature, header, payload. Header parameters that point to keys (`jku`, `x5u`,
/// `jwk`, `x5c`, `kid`) are ignored, because there is only one key. Of duplicate members the last one counts,
/// as in JavaScript.
///
/// ```
/// use auth_core::jws;
///
/// # let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef")?;
/// # let other_secret = auth_core::SigningSecret::parse("fedcba9876543210fedcba9876543210")?;
/// let token = jws::sign(jws::Kind::Untyped, &serde_json::json!({"sub": "u1"}), &secret)?;
/// assert_eq!(jws::verify(&token, &secret)?.claims["sub"], "u1");
/// assert!(jws::verify(&token, &other_secret).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A [`JwsError`]; its variant names the step that failed.
pub fn verify(token: &str, secret: &SigningSecret) -> Result<Verified, JwsError> {
    let (typ, payload) = verify_within(MAX_TOKEN_BYTES, token, secret.mac_key())?;
    Ok(Verified { typ: typ.map(Cow::into_owned), claims: read_object(&payload)? })
}

/// Does the same as [`verify`] up to the payload, with a length limit of the caller, because a cookie cache
/// may span many cookies. Returns the header's `typ` and the payload's text.
pub(crate) fn verify_within(
    max_bytes: usize,
    token: &str,
    key: &MacKey,
) -> Result<(Option<Cow<'static, str>>, Vec<u8>), JwsError> {
    if token.len() > max_bytes {
        return Err(JwsError::TooLong);
    }
    let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
    let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
    if payload.contains('.') {
        return Err(JwsError::NotCompact);
    }
    // Two bytes longer than a MAC: the decoder needs the room, and a longer signature is wrong anyway.
    let mut decoded = [0_u8; MAC_BYTES + 2];
    let length = BASE64URL.decode_slice(signature, &mut decoded).map_err(|_not_shown| JwsError::Signature)?;
    let signature = decoded.get(..length).unwrap_or_default();
    if !constant_time::equal(&key.mac(signing_input.as_bytes()), signature) {
        return Err(JwsError::Signature);
    }
    Ok((read_header(header)?, BASE64URL.decode(payload).map_err(JwsError::Encoding)?))
}

/// Checks the header and returns its `typ`.
fn read_header(header: &str) -> Result<Option<Cow<'static, str>>, JwsError> {
    if header == UNTYPED.1 {
        return Ok(None);
    }
    if header == ACCESS_TOKEN.1 {
        return Ok(Some(Cow::Borrowed(ACCESS_TOKEN_TYPE)));
    }
    let header = read_object(&BASE64URL.decode(header).map_err(JwsError::Encoding)?)?;
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(JwsError::Extension);
    }
    if header.get("alg").and_then(Value::as_str) != Some(ALGORITHM) {
        return Err(JwsError::Algorithm);
    }
    match header.get("typ") {
        None => Ok(None),
        Some(Value::String(typ)) => Ok(Some(Cow::Owned(typ.clone()))),
        Some(_) => Err(JwsError::Type),
    }
}

pub(crate) fn read_object(bytes: &[u8]) -> Result<Map<String, Value>, JwsError> {
    // Parsed as any value first. If serde were asked for an object, its error would quote the value that it
    // found.
    match serde_json::from_slice(bytes).map_err(JwsError::Json)? {
        Value::Object(object) => Ok(object),
        _ => Err(JwsError::NotAnObject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_what_they_decode_to() {
        for ((json, encoded), typ) in [(UNTYPED, None), (ACCESS_TOKEN, Some(ACCESS_TOKEN_TYPE))] {
            assert_eq!(BASE64URL.encode(json), encoded);
            // The same header in another spelling is decoded, with the same result.
            let spaced = BASE64URL.encode(format!("{json} "));
            for header in [encoded, &spaced] {
                assert_eq!(read_header(header).ok(), Some(typ.map(Cow::Borrowed)), "{header}");
            }
        }
    }
}
