//! Sets of public keys (RFC 7517 §5): parses a server's document, and writes one.

use std::fmt;

use josekit::jws::JwsVerifier;

use crate::jwk::{JwsAlgorithm, ParseJwkError, PublicJwk};
use crate::wire::json::{self, Json};

/// Maximum length of a document in bytes.
///
/// ```
/// use auth_core::{JwkSet, MAX_DOCUMENT_BYTES, ParseJwkSetError};
///
/// let endless = vec![b' '; MAX_DOCUMENT_BYTES + 1];
/// assert_eq!(JwkSet::parse(&endless).unwrap_err(), ParseJwkSetError::TooLarge);
/// ```
pub const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// Maximum number of keys in a document.
const MAX_KEYS: usize = 1_000;

/// Maximum length of a key id in bytes.
const MAX_KID_BYTES: usize = 256;

/// A key id (RFC 7515 §4.1.4): the id of a row in the `jwks` table. It only selects one of the keys that are
/// already known.
///
/// ```
/// use auth_core::Kid;
///
/// assert_eq!(Kid::parse("ViWe9w6PObZUCvYdQbwl7HSBlzcZkxvL").map(|kid| kid.as_str().len()), Some(32));
/// assert_eq!(Kid::parse(""), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(String);

impl Kid {
    /// Parses a key id of 1 to 256 bytes; `None` for any other length.
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        (1..=MAX_KID_BYTES).contains(&text.len()).then_some(Self(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key that is ready to verify signatures, and its id.
///
/// ```
/// use auth_core::{JwkSet, Kid, VerificationKey};
///
/// # use auth_core::{DEFAULT_RSA_BITS, JwsAlgorithm, KeyPair};
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// let kid = Kid::parse("k1").expect("a name");
/// let mut published = JwkSet::default();
/// published.insert(VerificationKey::new(kid.clone(), pair.public)?);
/// assert!(published.to_json().starts_with(r#"{"keys":[{"alg":"EdDSA","crv":"Ed25519","#));
/// # assert!(published.find(&kid).is_some_and(|key| key.algorithm() == JwsAlgorithm::EdDsa));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VerificationKey {
    kid: Kid,
    jwk: PublicJwk,
    verifier: Box<dyn JwsVerifier>,
}

impl VerificationKey {
    /// Prepares a key to verify signatures.
    ///
    /// # Errors
    ///
    /// [`ParseJwkError::Key`], which a key that was parsed does not cause.
    pub fn new(kid: Kid, jwk: PublicJwk) -> Result<Self, ParseJwkError> {
        let verifier = jwk.verifier().map_err(ParseJwkError::Key)?;
        Ok(Self { kid, jwk, verifier })
    }

    /// Returns the key id.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Returns the algorithm, the only one that the key verifies.
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.jwk.algorithm()
    }

    /// Returns the key.
    pub fn jwk(&self) -> &PublicJwk {
        &self.jwk
    }

    pub(crate) fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, signature).is_ok()
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kid, jwk, verifier: _ } = self;
        f.debug_struct("VerificationKey").field("kid", kid).field("jwk", jwk).finish_non_exhaustive()
    }
}

/// The public keys of an auth server.
///
/// ```
/// use auth_core::{JwkSet, JwsAlgorithm, Kid};
///
/// let set = JwkSet::parse(br#"{"keys":[{"alg":"EdDSA","crv":"Ed25519","kty":"OKP","kid":"k1",
///     "x":"_AmUOuJYGEOzlQ5vrSI7TYxqZsEoeKX6p8WssnjV32c"}]}"#)?;
/// let key = set.find(&Kid::parse("k1").expect("a name"));
/// assert_eq!(key.map(|key| key.algorithm()), Some(JwsAlgorithm::EdDsa));
/// # Ok::<(), auth_core::ParseJwkSetError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct JwkSet(Vec<VerificationKey>);

/// Why a document is not a set of keys.
///
/// ```
/// use auth_core::{JwkSet, ParseJwkSetError};
///
/// assert_eq!(JwkSet::parse(b"<h1>502 Bad Gateway</h1>").unwrap_err(), ParseJwkSetError::Form);
/// assert_eq!(JwkSet::parse(br#"{"keys":[{"kty":"oct"}]}"#)?.iter().count(), 0, "none that checks a token");
/// # Ok::<(), ParseJwkSetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseJwkSetError {
    /// The document is longer than [`MAX_DOCUMENT_BYTES`], or has more than a thousand keys.
    #[error("key set is too large")]
    TooLarge,
    /// The document is not a JSON object with a list `keys`.
    #[error("key set is no object with a list of keys")]
    Form,
}

impl JwkSet {
    /// Parses a document. Keys with another algorithm or use, malformed keys and keys without an id are left
    /// out, as RFC 7517 §5 asks. Of two keys with the same id the first one counts. A key without `alg` has
    /// the algorithm of its curve, an RSA key RS256.
    ///
    /// # Errors
    ///
    /// [`ParseJwkSetError`]. A document without a usable key gives an empty set, not an error.
    pub fn parse(document: &[u8]) -> Result<Self, ParseJwkSetError> {
        if document.len() > MAX_DOCUMENT_BYTES {
            return Err(ParseJwkSetError::TooLarge);
        }
        let mut document: Json =
            serde_json::from_slice(document).map_err(|_not_shown| ParseJwkSetError::Form)?;
        let Some(Json::List(keys)) = document.take("keys") else { return Err(ParseJwkSetError::Form) };
        if keys.len() > MAX_KEYS {
            return Err(ParseJwkSetError::TooLarge);
        }
        let mut set = Self::default();
        for key in keys.iter().filter_map(read_key) {
            set.insert(key);
        }
        Ok(set)
    }

    /// Adds a key, unless its id is already in the set.
    pub fn insert(&mut self, key: VerificationKey) {
        if self.find(key.kid()).is_none() {
            self.0.push(key);
        }
    }

    /// Finds a key by its id.
    pub fn find(&self, kid: &Kid) -> Option<&VerificationKey> {
        self.0.iter().find(|key| key.kid() == kid)
    }

    /// Lists the keys.
    pub fn iter(&self) -> impl Iterator<Item = &VerificationKey> {
        self.0.iter()
    }

    /// Writes the document as Better Auth's `/jwks` does: for each key `alg`, `crv` (absent for RSA), the
    /// members as they are stored, and `kid`. It cannot contain private members.
    pub fn to_json(&self) -> String {
        let text = |value: &str| Json::Text(value.to_owned());
        let entry = |key: &VerificationKey| {
            let algorithm = key.algorithm();
            let mut members = vec![("alg".to_owned(), text(algorithm.as_str()))];
            members.extend(algorithm.curve().map(|curve| ("crv".to_owned(), text(curve))));
            for (name, value) in key.jwk.members() {
                if !members.iter().any(|(known, _)| known == name) {
                    members.push((name.to_owned(), text(value)));
                }
            }
            members.push(("kid".to_owned(), text(key.kid.as_str())));
            Json::Object(members)
        };
        let keys = Json::List(self.iter().map(entry).collect());
        json::to_string(&Json::Object(vec![("keys".to_owned(), keys)])).unwrap_or_default()
    }
}

fn read_key(key: &Json) -> Option<VerificationKey> {
    let Json::Object(members) = key else { return None };
    let member = |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let text = |name: &str| match member(name) {
        None => Some(None),
        Some(Json::Text(text)) => Some(Some(text.as_str())),
        Some(_) => None,
    };
    let is_operation = |value: &Json| matches!(value, Json::Text(text) if text == "verify");
    match (text("use")?, member("key_ops")) {
        (None | Some("sig"), None) => {}
        (None | Some("sig"), Some(Json::List(operations))) if operations.iter().any(is_operation) => {}
        _ => return None,
    }
    let algorithm = match (text("alg")?, text("kty")?, text("crv")?) {
        (Some(name), ..) => JwsAlgorithm::parse(name)?,
        (None, Some("RSA"), _) => JwsAlgorithm::Rs256,
        (None, _, Some(curve)) => {
            JwsAlgorithm::ALL.into_iter().find(|algorithm| algorithm.curve() == Some(curve))?
        }
        _ => return None,
    };
    let jwk = PublicJwk::read(algorithm, key).ok()?;
    VerificationKey::new(Kid::parse(text("kid")??)?, jwk).ok()
}
