//! Key pairs that sign tokens, and the form in which the `jwks` table stores their private keys.

use std::fmt;

use josekit::JoseError;
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ed::EdCurve;
use josekit::jws::JwsSigner;
use rand::CryptoRng;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::jwk::{JwsAlgorithm, ParseJwkError, PublicJwk};
use crate::jwks::{Kid, VerificationKey};
use crate::secret::Secret;
use crate::symmetric::{SymmetricError, SymmetricKeys};
use crate::wire::json::{self, Json};

/// Size of a new RSA key in bits, unless the settings say otherwise (`modulusLength` of Better Auth).
///
/// ```
/// use auth_core::{DEFAULT_RSA_BITS, JwsAlgorithm, KeyPair};
///
/// let pair = KeyPair::generate(JwsAlgorithm::Rs256, DEFAULT_RSA_BITS)?;
/// assert!(pair.public.to_json().contains(r#""e":"AQAB""#));
/// # Ok::<(), auth_core::KeyPairError>(())
/// ```
pub const DEFAULT_RSA_BITS: u32 = 2_048;

/// Allowed sizes of a new RSA key in bits.
///
/// ```
/// use auth_core::{JwsAlgorithm, KeyPair, KeyPairError, RSA_BITS};
///
/// let short = 1_024;
/// assert!(!RSA_BITS.contains(&short));
/// assert!(matches!(KeyPair::generate(JwsAlgorithm::Rs256, short), Err(KeyPairError::Generate(None))));
/// ```
pub const RSA_BITS: std::ops::RangeInclusive<u32> = 2_048..=8_192;

/// A new key pair that has no key id yet.
///
/// ```
/// use auth_core::{DEFAULT_RSA_BITS, JwsAlgorithm, KeyPair};
///
/// let pair = KeyPair::generate(JwsAlgorithm::Es256, DEFAULT_RSA_BITS)?;
/// assert_eq!(pair.public.algorithm(), JwsAlgorithm::Es256);
/// assert_eq!(pair.private.public()?, pair.public, "the private half holds both");
/// # Ok::<(), auth_core::KeyPairError>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The public key.
    pub public: PublicJwk,
    /// The private key, which signs.
    pub private: PrivateJwk,
}

/// A private key, as the JSON text of its JWK.
///
/// ```
/// use auth_core::{PrivateJwk, Purpose, SymmetricKeys};
///
/// # use auth_core::{DEFAULT_RSA_BITS, JwsAlgorithm, KeyPair, SigningSecret, VersionedSecrets};
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// let keys = SymmetricKeys::derive(&secrets, Purpose::Stored);
/// let column = pair.private.seal(&keys, &mut rand::rng())?;
/// let opened = PrivateJwk::open(JwsAlgorithm::EdDsa, &column, &keys)?;
/// assert_eq!(opened.public()?, pair.public);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PrivateJwk {
    algorithm: JwsAlgorithm,
    json: Secret<String>,
}

/// Why a key pair could not be generated, decrypted or used. No variant quotes a key.
///
/// After a change of the secret:
///
/// ```
/// use auth_core::{KeyPairError, PrivateJwk, SymmetricError};
///
/// # use auth_core::*;
/// # let keys = |text: &str| -> Result<SymmetricKeys, SigningSecretError> {
/// #     let secrets = VersionedSecrets::single(SigningSecret::parse(text)?);
/// #     Ok(SymmetricKeys::derive(&secrets, Purpose::Stored))
/// # };
/// # let before = keys("0123456789abcdef0123456789abcdef")?;
/// # let after = keys("fedcba9876543210fedcba9876543210")?;
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// let column = pair.private.seal(&before, &mut rand::rng())?;
/// let error = PrivateJwk::open(JwsAlgorithm::EdDsa, &column, &after).unwrap_err();
/// assert!(matches!(error, KeyPairError::Decrypt(SymmetricError::Key)));
/// assert_eq!(error.to_string(), "private key cannot be decrypted");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum KeyPairError {
    /// OpenSSL generated no key, or the size of an RSA key is not within [`RSA_BITS`].
    #[error("no key was generated")]
    Generate(#[source] Option<JoseError>),
    /// The generated or stored key does not fit its algorithm.
    #[error("key is not of its algorithm")]
    Public(#[source] ParseJwkError),
    /// The stored text is encrypted under another secret, or is not an encrypted text.
    #[error("private key cannot be decrypted")]
    Decrypt(#[source] SymmetricError),
    /// The key could not be encrypted.
    #[error("private key was not encrypted")]
    Encrypt(#[source] SymmetricError),
    /// The stored text is neither a JWK nor a JSON string with an encrypted JWK.
    #[error("private key is not stored as a JWK")]
    Form,
    /// The private key does not belong to the public key beside it.
    #[error("private key and public key are not of one pair")]
    Mismatch,
    /// The private key cannot sign.
    #[error("private key cannot sign")]
    Sign(#[source] JoseError),
}

impl KeyPair {
    /// Generates a key pair. OpenSSL draws the randomness itself. An RSA key takes up to seconds of one core,
    /// the others less than a millisecond.
    ///
    /// # Errors
    ///
    /// [`KeyPairError::Generate`], also for an RSA key whose `rsa_bits` are not within [`RSA_BITS`].
    pub fn generate(algorithm: JwsAlgorithm, rsa_bits: u32) -> Result<Self, KeyPairError> {
        let made = match algorithm {
            JwsAlgorithm::EdDsa => Jwk::generate_ed_key(EdCurve::Ed25519),
            JwsAlgorithm::Es256 => Jwk::generate_ec_key(EcCurve::P256),
            JwsAlgorithm::Es512 => Jwk::generate_ec_key(EcCurve::P521),
            JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 if RSA_BITS.contains(&rsa_bits) => {
                Jwk::generate_rsa_key(rsa_bits)
            }
            JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => return Err(KeyPairError::Generate(None)),
        };
        let jwk = made.map_err(|error| KeyPairError::Generate(Some(error)))?;
        let private = PrivateJwk { algorithm, json: Secret::new(jwk.to_string()) };
        wipe(jwk);
        Ok(Self { public: private.public()?, private })
    }
}

impl PrivateJwk {
    /// Reads a private key from the `jwks` table: the JWK itself, or a JSON string with the encrypted JWK.
    ///
    /// # Errors
    ///
    /// [`KeyPairError::Decrypt`] if the secret has changed since. [`KeyPairError::Form`] and
    /// [`KeyPairError::Public`] for a text that no auth server writes.
    pub fn open(algorithm: JwsAlgorithm, stored: &str, keys: &SymmetricKeys) -> Result<Self, KeyPairError> {
        let json = if stored.trim_start().starts_with('{') {
            Secret::new(stored.to_owned())
        } else {
            let sealed: String = serde_json::from_str(stored).map_err(|_not_shown| KeyPairError::Form)?;
            keys.decrypt(&sealed).map_err(KeyPairError::Decrypt)?
        };
        let private = Self { algorithm, json };
        private.public()?;
        Ok(private)
    }

    /// Encrypts the private key for the `jwks` table.
    ///
    /// # Errors
    ///
    /// [`KeyPairError::Encrypt`] for a text that is too long to encrypt. No key is that long.
    pub fn seal(&self, keys: &SymmetricKeys, rng: &mut impl CryptoRng) -> Result<String, KeyPairError> {
        let sealed = keys.encrypt(self.json.expose(), rng).map_err(KeyPairError::Encrypt)?;
        json::to_string(&Json::Text(sealed)).map_err(|_cannot_happen| KeyPairError::Form)
    }

    /// Returns the JWK's text unencrypted, for a table without encryption (`disablePrivateKeyEncryption`).
    pub fn expose(&self) -> &str {
        self.json.expose()
    }

    /// Returns the public key.
    ///
    /// # Errors
    ///
    /// [`KeyPairError::Public`] if the JWK holds no public key of this algorithm.
    pub fn public(&self) -> Result<PublicJwk, KeyPairError> {
        let public = PublicJwk::parse(self.algorithm, self.json.expose()).map_err(KeyPairError::Public)?;
        Ok(public.in_usual_order())
    }

    /// Prepares the key to sign under a key id.
    ///
    /// # Errors
    ///
    /// [`KeyPairError::Sign`] for a JWK without private members.
    pub fn signing_key(&self, kid: Kid) -> Result<SigningKey, KeyPairError> {
        let jwk = Jwk::from_bytes(self.json.expose()).map_err(KeyPairError::Sign)?;
        let signer = self.algorithm.signer(&jwk).map_err(KeyPairError::Sign);
        wipe(jwk);
        Ok(SigningKey { kid, algorithm: self.algorithm, signer: signer? })
    }
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateJwk").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Wipes the members of a key that josekit has parsed.
fn wipe(jwk: Jwk) {
    let members: Map<String, Value> = jwk.into();
    for (_, value) in members {
        if let Value::String(mut text) = value {
            text.zeroize();
        }
    }
}

/// A private key that is ready to sign, and its id.
///
/// Services find its public key under the same id:
///
/// ```
/// use auth_core::{Kid, VerificationKey};
///
/// # use auth_core::{DEFAULT_RSA_BITS, JwsAlgorithm, KeyPair};
/// # let pair = KeyPair::generate(JwsAlgorithm::EdDsa, DEFAULT_RSA_BITS)?;
/// let signing = pair.private.signing_key(Kid::parse("k1").expect("a name"))?;
/// let published = VerificationKey::new(signing.kid().clone(), pair.public)?;
/// assert_eq!(published.algorithm(), signing.algorithm());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    kid: Kid,
    algorithm: JwsAlgorithm,
    signer: Box<dyn JwsSigner>,
}

impl SigningKey {
    /// Returns the key id.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Returns the algorithm.
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// Whether `key` has the same id and verifies what this key signs. If the two keys of a row did not
    /// match, no key would verify the tokens.
    pub fn fits(&self, key: &VerificationKey) -> bool {
        // Not a token: it has no dots and is never sent.
        const PROBE: &[u8] = b"do these halves belong together";
        self.kid == *key.kid()
            && self.algorithm == key.algorithm()
            && self.sign(PROBE).is_ok_and(|signature| key.is_signed(PROBE, &signature))
    }

    /// Signs a message. **Not public**: a server that signed texts chosen by a client would let it forge any
    /// token.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.signer.sign(message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kid, algorithm, signer: _ } = self;
        f.debug_struct("SigningKey").field("kid", kid).field("algorithm", algorithm).finish_non_exhaustive()
    }
}
