//! The compact form that tokens of the `jwt` plugin and cookie caches share: both are signed with a key of
//! the `jwks` table. They differ in `typ`, and each reader states the `typ` that it accepts.

use base64::Engine;
use josekit::JoseError;
use serde::Serialize;
use serde_json::Value;

use crate::base64url::BASE64URL;
use crate::claims::VerifyError;
use crate::jwks::{Kid, VerificationKey};
use crate::jws::{JwsError, read_object};
use crate::key_pair::SigningKey;
use crate::wire::json;

/// Why signing failed.
pub(crate) enum SignError {
    /// Header or claims could not be serialized as JSON.
    Encode(serde_json::Error),
    /// The key could not sign.
    Sign(JoseError),
}

/// The header, in the order in which Better Auth writes it.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
}

/// Signs claims. The header names the key's algorithm and id.
pub(crate) fn sign(
    key: &SigningKey,
    typ: Option<&'static str>,
    claims: &impl Serialize,
) -> Result<String, SignError> {
    let header = Header { alg: key.algorithm().as_str(), kid: key.kid().as_str(), typ };
    let mut token = BASE64URL.encode(json::to_string(&header).map_err(SignError::Encode)?);
    token.push('.');
    BASE64URL.encode_string(json::to_string(claims).map_err(SignError::Encode)?, &mut token);
    let signature = key.sign(token.as_bytes()).map_err(SignError::Sign)?;
    token.push('.');
    BASE64URL.encode_string(signature, &mut token);
    Ok(token)
}

/// Whether a `typ`, or its absence, belongs to one kind of token.
pub(crate) type IsOfKind = fn(Option<&str>) -> bool;

/// A token that is split into its parts. Nothing in it is verified.
pub(crate) struct Compact<'t> {
    header: &'t str,
    payload: &'t str,
    /// Header and payload with the dot between them: the signed text.
    signed: &'t str,
    signature: &'t str,
}

impl<'t> Compact<'t> {
    /// Splits a token of at most `max_bytes` bytes.
    pub(crate) fn cut(token: &'t str, max_bytes: usize) -> Result<Self, JwsError> {
        if token.len() > max_bytes {
            return Err(JwsError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(JwsError::NotCompact)?;
        if payload.contains('.') {
            return Err(JwsError::NotCompact);
        }
        Ok(Self { header, payload, signed, signature })
    }

    /// Returns the key id in the header of a token of the given kind.
    pub(crate) fn kid(&self, is_of_kind: IsOfKind) -> Result<Kid, VerifyError> {
        self.read_header(is_of_kind).map(|(_, kid)| kid)
    }

    /// Verifies the signature, then the header, and returns the payload of a token of the given kind.
    pub(crate) fn open(&self, key: &VerificationKey, is_of_kind: IsOfKind) -> Result<Vec<u8>, VerifyError> {
        let signature = BASE64URL.decode(self.signature).map_err(|_not_shown| JwsError::Signature)?;
        if !key.is_signed(self.signed.as_bytes(), &signature) {
            return Err(JwsError::Signature.into());
        }
        let (algorithm, kid) = self.read_header(is_of_kind)?;
        if algorithm != key.algorithm().as_str() {
            return Err(JwsError::Algorithm.into());
        }
        if kid != *key.kid() {
            return Err(JwsError::Key.into());
        }
        Ok(BASE64URL.decode(self.payload).map_err(JwsError::Encoding)?)
    }

    /// Returns `alg` and `kid`. Header parameters that point to keys (`jku`, `x5u`, `jwk`, `x5c`) are
    /// ignored.
    fn read_header(&self, is_of_kind: IsOfKind) -> Result<(String, Kid), VerifyError> {
        let mut header = read_object(&BASE64URL.decode(self.header).map_err(JwsError::Encoding)?)?;
        // Compression and extensions change the meaning of the signed bytes.
        if ["crit", "b64", "zip"].iter().any(|name| header.contains_key(*name)) {
            return Err(JwsError::Extension.into());
        }
        let typ = match header.get("typ") {
            None => None,
            Some(Value::String(typ)) => Some(typ.as_str()),
            Some(_) => return Err(JwsError::Type.into()),
        };
        if !is_of_kind(typ) {
            return Err(VerifyError::WrongType);
        }
        let Some(Value::String(algorithm)) = header.remove("alg") else {
            return Err(JwsError::Algorithm.into());
        };
        match header.remove("kid") {
            Some(Value::String(kid)) => Ok((algorithm, Kid::parse(kid).ok_or(JwsError::Key)?)),
            _ => Err(JwsError::Key.into()),
        }
    }
}
