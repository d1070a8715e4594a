//! Signatures under public keys: modified, truncated, of other lengths, and with values out of range.

use base64::Engine;

use super::Vector;
use crate::base64url::BASE64URL;
use crate::jwk::{JwsAlgorithm, PublicJwk};
use crate::jwks::{Kid, VerificationKey};

/// The key of a vector's group, which holds it as a JWK, as a point or as the two numbers of RSA.
fn key(vector: &Vector, algorithm: JwsAlgorithm) -> VerificationKey {
    let group = &vector.group;
    let jwk = ["publicKeyJwk", "keyJwk"].iter().map(|name| &group[*name]).find(|jwk| jwk.is_object());
    let json = match (jwk, algorithm.curve()) {
        (Some(jwk), _) => jwk.to_string(),
        (None, Some(curve)) => {
            let point = from_hex(group["publicKey"]["uncompressed"].as_str().unwrap());
            let (x, y) = point[1..].split_at(point.len() / 2);
            let (x, y) = (BASE64URL.encode(x), BASE64URL.encode(y));
            format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#)
        }
        (None, None) => {
            let number = |name: &str| {
                let hex = group["publicKey"][name].as_str().unwrap().trim_start_matches("00");
                BASE64URL.encode(from_hex(hex))
            };
            format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, number("modulus"), number("publicExponent"))
        }
    };
    let jwk = PublicJwk::parse(algorithm, &json).unwrap();
    VerificationKey::new(Kid::parse("k").unwrap(), jwk).unwrap()
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// Runs the vectors of a file against one algorithm. `open` lists vectors that Wycheproof marks as
/// acceptable; they must be refused here.
fn check(file: &str, algorithm: JwsAlgorithm, count: usize, open: &[u64]) {
    let vectors = Vector::read(file);
    assert_eq!(vectors.len(), count);
    for vector in vectors {
        let accepted = key(&vector, algorithm).is_signed(&vector.bytes("msg"), &vector.bytes("sig"));
        if open.contains(&vector.id()) {
            assert_eq!(vector.test["result"], "acceptable");
            assert!(!accepted, "vector {} may be refused and is", vector.id());
        } else {
            vector.check(accepted);
        }
    }
}

#[test]
fn r_132_ed25519() {
    check(include_str!("../../tests/wycheproof/ed25519_test.json"), JwsAlgorithm::EdDsa, 151, &[]);
}

#[test]
fn r_132_ecdsa_p_256() {
    let file = include_str!("../../tests/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
    check(file, JwsAlgorithm::Es256, 262, &[]);
}

#[test]
fn r_132_ecdsa_p_521() {
    let file = include_str!("../../tests/wycheproof/ecdsa_secp521r1_sha512_p1363_test.json");
    check(file, JwsAlgorithm::Es512, 318, &[]);
}

#[test]
fn r_132_rsa_pkcs1() {
    let file = include_str!("../../tests/wycheproof/rsa_signature_2048_sha256_test.json");
    check(file, JwsAlgorithm::Rs256, 259, &[8]);
}

#[test]
fn r_132_rsa_pss() {
    let file = include_str!("../../tests/wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json");
    check(file, JwsAlgorithm::Ps256, 108, &[]);
}
