//! The compact form of everything that is signed with a key of the `jwks` table: what the tokens of the plugin and the
//! cookie cache under the same keys have in common. What tells the two apart is `typ`, and each reader names its own.

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

/// Why nothing was signed.
pub(crate) enum SignError {
    /// Header or claims do not become JSON.
    Encode(serde_json::Error),
    /// The key did not sign.
    Sign(JoseError),
}

/// The header, in the order in which the reference writes it.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
}

/// Signs claims under a header with the key's own algorithm and name.
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

/// Whether a `typ`, or none, is that of a kind of token.
pub(crate) type IsOfKind = fn(Option<&str>) -> bool;

/// A token, cut; nothing of it is verified.
pub(crate) struct Compact<'t> {
    header: &'t str,
    payload: &'t str,
    /// Header and payload.
    signed: &'t str,
    signature: &'t str,
}

impl<'t> Compact<'t> {
    /// Cuts a token of at most so many bytes.
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

    /// Gives the name of the key that a token of a kind says it is signed with.
    pub(crate) fn kid(&self, is_of_kind: IsOfKind) -> Result<Kid, VerifyError> {
        self.read_header(is_of_kind).map(|(_, kid)| kid)
    }

    /// Gives the payload of a token of a kind that the key signed: signature first, then the header.
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

    /// Gives `alg` and `kid`. Members that point to keys (`jku`, `x5u`, `jwk`, `x5c`) are ignored.
    fn read_header(&self, is_of_kind: IsOfKind) -> Result<(String, Kid), VerifyError> {
        let mut header = read_object(&BASE64URL.decode(self.header).map_err(JwsError::Encoding)?)?;
        // Compression and extensions change what was signed.
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
