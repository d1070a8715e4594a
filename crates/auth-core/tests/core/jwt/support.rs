//! What these tests share.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{
    AdditionalValues, Email, JwsAlgorithm, JwtPolicy, KeyPair, Kid, PrivateJwk, Purpose, SigningKey,
    SigningSecret, SymmetricKeys, User, UserId, VerificationKey, VersionedSecrets,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, ES512, EdDSA, JwsSigner, PS256, RS256};
use serde_json::Value;
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

/// A key pair under a name, both halves ready. RSA keys are published ones, since making one takes up to a second;
/// the next one for each call, so that those of a test differ.
pub(crate) fn pair(algorithm: JwsAlgorithm, name: &str) -> (KeyPair, SigningKey, VerificationKey) {
    let pair = match algorithm {
        JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => published_rsa(algorithm),
        _ => KeyPair::generate(algorithm, 0).unwrap(),
    };
    let signing = pair.private.signing_key(kid(name)).unwrap();
    let checking = VerificationKey::new(kid(name), pair.public.clone()).unwrap();
    (pair, signing, checking)
}

fn published_rsa(algorithm: JwsAlgorithm) -> KeyPair {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(published_rsa_keys);
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let json = &KEYS[NEXT.fetch_add(1, Ordering::Relaxed) % KEYS.len()];
    let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap());
    let private =
        PrivateJwk::open(algorithm, json, &SymmetricKeys::derive(&secrets, Purpose::Stored)).unwrap();
    KeyPair { public: private.public().unwrap(), private }
}

/// The private RSA keys of the Wycheproof vectors, as the reference writes them.
fn published_rsa_keys() -> Vec<String> {
    let file: Value =
        serde_json::from_str(include_str!("../../wycheproof/json_web_signature_test.json")).unwrap();
    let mut keys: Vec<String> = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let key = &group["private"];
        if key["kty"] == "RSA" {
            let members = ["kty", "n", "e", "d", "p", "q", "dp", "dq", "qi"];
            let members = members.map(|name| format!("\"{name}\":{}", key[name]));
            keys.push(format!("{{{}}}", members.join(",")));
        }
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    keys
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
