//! What these tests share.

use auth_core::{
    AdditionalValues, Email, JwsAlgorithm, JwtPolicy, KeyPair, Kid, SigningKey, User, UserId, VerificationKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, ES512, EdDSA, JwsSigner, PS256, RS256};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

pub(crate) fn policy() -> JwtPolicy {
    JwtPolicy::new("https://auth.example.com")
}

pub(crate) fn kid(text: &str) -> Kid {
    Kid::parse(text).unwrap()
}

pub(crate) fn user() -> User {
    User {
        id: UserId::from_stored("u1"),
        name: "Ann".to_owned(),
        email: Email::parse("ann@example.com").unwrap(),
        email_verified: true,
        image: None,
        created_at: NOW,
        updated_at: NOW,
        additional: AdditionalValues::default(),
    }
}

/// A key pair under a name, both halves ready.
pub(crate) fn pair(algorithm: JwsAlgorithm, name: &str) -> (KeyPair, SigningKey, VerificationKey) {
    let pair = KeyPair::generate(algorithm, auth_core::DEFAULT_RSA_BITS).unwrap();
    let signing = pair.private.signing_key(kid(name)).unwrap();
    let checking = VerificationKey::new(kid(name), pair.public.clone()).unwrap();
    (pair, signing, checking)
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs whatever text with a private key, as somebody would who holds it.
pub(crate) fn forge(pair: &KeyPair, header: &str, payload: &str) -> String {
    let jwk = Jwk::from_bytes(pair.private.expose()).unwrap();
    let signer: Box<dyn JwsSigner> = match pair.public.algorithm() {
        JwsAlgorithm::EdDsa => Box::new(EdDSA.signer_from_jwk(&jwk).unwrap()),
        JwsAlgorithm::Es256 => Box::new(ES256.signer_from_jwk(&jwk).unwrap()),
        JwsAlgorithm::Es512 => Box::new(ES512.signer_from_jwk(&jwk).unwrap()),
        JwsAlgorithm::Ps256 => Box::new(PS256.signer_from_jwk(&jwk).unwrap()),
        JwsAlgorithm::Rs256 => Box::new(RS256.signer_from_jwk(&jwk).unwrap()),
    };
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = signer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(signature))
}

/// The claims of a good token, with others in the place of some or beside them.
pub(crate) fn claims(changes: &str) -> String {
    let mut claims = serde_json::json!({
        "iat": NOW.unix_timestamp(), "exp": NOW.unix_timestamp() + 900, "sub": "u1",
        "iss": "https://auth.example.com", "aud": "https://auth.example.com",
    });
    let changes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(changes).unwrap();
    for (name, value) in changes {
        claims[name] = value;
    }
    claims.to_string()
}
