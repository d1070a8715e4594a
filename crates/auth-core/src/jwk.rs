//! JSON Web Keys (RFC 7517) for the five algorithms that Better Auth's `jwt` plugin signs with.

use base64::Engine;
use josekit::JoseError;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, ES512, EdDSA, JwsSigner, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};

use crate::base64url::BASE64URL;
use crate::wire::json::{self, Json};

/// A signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1). Each key has one, and a token's header cannot choose
/// another.
///
/// ```
/// use auth_core::JwsAlgorithm;
///
/// assert_eq!(JwsAlgorithm::parse("EdDSA"), Some(JwsAlgorithm::EdDsa));
/// assert_eq!(JwsAlgorithm::EdDsa.curve(), Some("Ed25519"));
/// assert_eq!(JwsAlgorithm::parse("HS256"), None, "no algorithm of public keys");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JwsAlgorithm {
    /// EdDSA over Ed25519, the plugin's default.
    EdDsa,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// ECDSA over P-521 with SHA-512.
    Es512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl JwsAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::EdDsa, Self::Es256, Self::Es512, Self::Ps256, Self::Rs256];

    /// Returns the value of `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Es512 => "ES512",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// Parses a value of `alg`. Only the exact spelling is accepted.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Returns the `crv` of its keys; `None` for RSA.
    pub const fn curve(self) -> Option<&'static str> {
        match self {
            Self::EdDsa => Some("Ed25519"),
            Self::Es256 => Some("P-256"),
            Self::Es512 => Some("P-521"),
            Self::Ps256 | Self::Rs256 => None,
        }
    }

    pub(crate) fn signer(self, jwk: &Jwk) -> Result<Box<dyn JwsSigner>, JoseError> {
        Ok(match self {
            Self::EdDsa => Box::new(EdDSA.signer_from_jwk(jwk)?),
            Self::Es256 => Box::new(ES256.signer_from_jwk(jwk)?),
            Self::Es512 => Box::new(ES512.signer_from_jwk(jwk)?),
            Self::Ps256 => Box::new(PS256.signer_from_jwk(jwk)?),
            Self::Rs256 => Box::new(RS256.signer_from_jwk(jwk)?),
        })
    }

    fn verifier(self, jwk: &Jwk) -> Result<Box<dyn JwsVerifier>, JoseError> {
        Ok(match self {
            Self::EdDsa => Box::new(EdDSA.verifier_from_jwk(jwk)?),
            Self::Es256 => Box::new(ES256.verifier_from_jwk(jwk)?),
            Self::Es512 => Box::new(ES512.verifier_from_jwk(jwk)?),
            Self::Ps256 => Box::new(PS256.verifier_from_jwk(jwk)?),
            Self::Rs256 => Box::new(RS256.verifier_from_jwk(jwk)?),
        })
    }
}

/// Smallest and largest RSA modulus in bytes: 2,048 bits (RFC 7518 §3.3) and 8,192 bits. Verifying signatures
/// of larger keys would cost too much.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// Maximum length of an RSA exponent in bytes. 65,537 has three.
const RSA_EXPONENT_MAX_BYTES: usize = 8;

/// A public key: only the members that define it, in their original order.
///
/// Private members are dropped:
///
/// ```
/// use auth_core::{JwsAlgorithm, PublicJwk};
///
/// # let pair = auth_core::KeyPair::generate(JwsAlgorithm::EdDsa, auth_core::DEFAULT_RSA_BITS)?;
/// # let private = pair.private.expose();
/// assert!(private.contains(r#""d":"#));
/// let public = PublicJwk::parse(JwsAlgorithm::EdDsa, private)?;
/// assert!(!public.to_json().contains(r#""d":"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PublicJwk {
    algorithm: JwsAlgorithm,
    members: Vec<(String, String)>,
}

/// Why a text is not a public key of an algorithm.
///
/// ```
/// use auth_core::{JwsAlgorithm, PublicJwk};
///
/// let short = r#"{"kty":"OKP","crv":"Ed25519","x":"AAEC"}"#;
/// let error = PublicJwk::parse(JwsAlgorithm::EdDsa, short).unwrap_err();
/// assert_eq!(error.to_string(), "member `x` of the key does not fit its algorithm");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum ParseJwkError {
    /// The text is not a JSON object.
    #[error("key is not a JSON object")]
    NotAnObject,
    /// A member that defines the key is missing, is not a string, or does not fit the algorithm.
    #[error("member `{name}` of the key does not fit its algorithm")]
    Member {
        /// The member.
        name: &'static str,
    },
    /// The members are well-formed but do not define a key, such as a point that is not on the curve.
    #[error("members make no key")]
    Key(#[source] JoseError),
}

impl PublicJwk {
    /// Parses a key of an algorithm. Private members are dropped, and so are all others that do not define
    /// the key.
    ///
    /// # Errors
    ///
    /// [`ParseJwkError`] names the member that does not fit.
    pub fn parse(algorithm: JwsAlgorithm, json: &str) -> Result<Self, ParseJwkError> {
        let object = serde_json::from_str(json).map_err(|_not_shown| ParseJwkError::NotAnObject)?;
        Self::read(algorithm, &object)
    }

    pub(crate) fn read(algorithm: JwsAlgorithm, object: &Json) -> Result<Self, ParseJwkError> {
        let Json::Object(all) = object else { return Err(ParseJwkError::NotAnObject) };
        let wanted: &[&'static str] = match algorithm {
            JwsAlgorithm::EdDsa => &["kty", "crv", "x"],
            JwsAlgorithm::Es256 | JwsAlgorithm::Es512 => &["kty", "crv", "x", "y"],
            JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => &["kty", "n", "e"],
        };
        for name in wanted {
            let value = all.iter().filter(|(known, _)| known == name).find_map(|(_, value)| value.as_text());
            if !value.is_some_and(|value| fits(algorithm, name, value)) {
                return Err(ParseJwkError::Member { name });
            }
        }
        let members = all.iter().filter(|(name, _)| wanted.contains(&name.as_str()));
        let members = members.filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned())));
        let key = Self { algorithm, members: members.collect() };
        key.verifier().map_err(ParseJwkError::Key)?;
        Ok(key)
    }

    /// Sorts the members into the order that Better Auth writes for its own keys. No reader depends on the
    /// order, but it makes the key set documents of both servers identical.
    pub(crate) fn in_usual_order(mut self) -> Self {
        let usual: &[&str] = match self.algorithm {
            JwsAlgorithm::EdDsa => &["crv", "x", "kty"],
            JwsAlgorithm::Es256 | JwsAlgorithm::Es512 => &["kty", "x", "y", "crv"],
            JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => &["kty", "n", "e"],
        };
        self.members.sort_by_key(|(name, _)| usual.iter().position(|known| known == name));
        self
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Serializes the key as the `jwks` table stores it.
    pub fn to_json(&self) -> String {
        let members = self.members().map(|(name, value)| (name.to_owned(), Json::Text(value.to_owned())));
        json::to_string(&Json::Object(members.collect())).unwrap_or_default()
    }

    /// Lists the members.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn verifier(&self) -> Result<Box<dyn JwsVerifier>, JoseError> {
        let members = self.members().map(|(name, value)| (name.to_owned(), Value::String(value.to_owned())));
        self.algorithm.verifier(&Jwk::from_map(members.collect::<Map<_, _>>())?)
    }
}

/// Whether a member's value fits a key of the algorithm.
fn fits(algorithm: JwsAlgorithm, name: &str, value: &str) -> bool {
    let bytes = || BASE64URL.decode(value).unwrap_or_default();
    let coordinate = match algorithm {
        JwsAlgorithm::EdDsa | JwsAlgorithm::Es256 => 32,
        JwsAlgorithm::Es512 => 66,
        JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => 0,
    };
    match name {
        "kty" => {
            value
                == match algorithm {
                    JwsAlgorithm::EdDsa => "OKP",
                    JwsAlgorithm::Es256 | JwsAlgorithm::Es512 => "EC",
                    JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => "RSA",
                }
        }
        "crv" => algorithm.curve() == Some(value),
        "x" | "y" => bytes().len() == coordinate,
        // The first byte of a modulus must not be zero, so the number of bytes is the size of the key.
        "n" => {
            let bytes = bytes();
            RSA_MODULUS_BYTES.contains(&bytes.len()) && bytes.first().is_some_and(|byte| *byte != 0)
        }
        "e" => {
            let bytes = bytes();
            let is_odd = bytes.last().is_some_and(|byte| byte % 2 == 1);
            let is_one = bytes.iter().rev().skip(1).all(|byte| *byte == 0) && bytes.last() == Some(&1);
            bytes.len() <= RSA_EXPONENT_MAX_BYTES && is_odd && !is_one
        }
        _ => false,
    }
}
