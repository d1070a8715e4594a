//! Values that Better Auth encrypted are opened here (Better Auth core §8.6 to §8.8).

use auth_core::{Purpose, SymmetricKeys, Verification, VersionedSecrets};
use serde::Deserialize;

use crate::vectors::secret;

#[derive(Deserialize)]
struct Group {
    single_secret: Vec<Single>,
    versioned: Versioned,
    purpose_keys: Vec<PurposeKey>,
    purpose_encrypted: PurposeEncrypted,
}

#[derive(Deserialize)]
struct Single {
    key: String,
    plaintext: String,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Versioned {
    secrets_env: String,
    legacy_secret: String,
    encrypt_output: Encrypted,
    decrypts: Vec<Decrypts>,
}

#[derive(Deserialize)]
struct Encrypted {
    plaintext: String,
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypts {
    input: String,
    plaintext: String,
}

#[derive(Deserialize)]
struct PurposeKey {
    secret: String,
    purpose: String,
    derived_hex_string_used_as_key: String,
}

#[derive(Deserialize)]
struct PurposeEncrypted {
    purpose: String,
    plaintext: String,
    ciphertext: String,
}

fn single(text: &str, purpose: Purpose) -> SymmetricKeys {
    SymmetricKeys::derive(&VersionedSecrets::single(secret(text)), purpose)
}

fn purpose(name: &str) -> Purpose {
    match name {
        "oauth-state-cookie" => Purpose::OAuthStateCookie,
        "oauth-link-session-token" => Purpose::OAuthLinkSessionToken,
        other => panic!("{other}"),
    }
}

#[test]
fn symmetric_encryption() {
    let group: Group = vectors!("symmetric_encryption");
    assert_eq!(group.single_secret.len(), 5);
    for case in &group.single_secret {
        let keys = single(&case.key, Purpose::Stored);
        assert_eq!(keys.decrypt(&case.ciphertext).unwrap().expose(), &case.plaintext);
        let own = keys.encrypt(&case.plaintext, &mut rand::rng()).unwrap();
        assert_eq!(own.len(), case.ciphertext.len());
        assert_eq!(own, own.to_lowercase());
    }
}

#[test]
fn r_111_values_of_all_versions_and_of_the_time_before() {
    let Group { versioned, .. } = vectors!("symmetric_encryption");
    let secrets = VersionedSecrets::parse(&versioned.secrets_env).unwrap();
    let secrets = secrets.with_legacy(secret(&versioned.legacy_secret));
    let keys = SymmetricKeys::derive(&secrets, Purpose::Stored);
    assert_eq!(versioned.decrypts.len(), 3);
    for Decrypts { input, plaintext } in &versioned.decrypts {
        assert_eq!(keys.decrypt(input).unwrap().expose(), plaintext);
    }
    let Encrypted { plaintext, ciphertext } = &versioned.encrypt_output;
    let own = keys.encrypt(plaintext, &mut rand::rng()).unwrap();
    assert_eq!(own.len(), ciphertext.len());
    assert_eq!(own.get(..6), ciphertext.get(..6), "the version");
}

#[test]
fn keys_of_a_purpose() {
    let Group { purpose_keys, purpose_encrypted, .. } = vectors!("symmetric_encryption");
    assert_eq!(purpose_keys.len(), 2);
    for case in &purpose_keys {
        // The hex text is used as a secret, so what one encrypts the other opens.
        let derived = single(&case.derived_hex_string_used_as_key, Purpose::Stored);
        let sealed = single(&case.secret, purpose(&case.purpose)).encrypt("x", &mut rand::rng()).unwrap();
        assert_eq!(derived.decrypt(&sealed).unwrap().expose(), "x", "{}", case.purpose);
    }
    let PurposeEncrypted { purpose: name, plaintext, ciphertext } = &purpose_encrypted;
    let keys = single(&purpose_keys[0].secret, purpose(name));
    assert_eq!(keys.decrypt(ciphertext).unwrap().expose(), plaintext);
}

#[test]
fn verification_identifier_hash() {
    #[derive(Deserialize)]
    struct Case {
        identifier: String,
        stored_when_hashed: String,
    }
    let cases: Vec<Case> = vectors!("verification_identifier_hash");
    assert_eq!(cases.len(), 2);
    for Case { identifier, stored_when_hashed } in cases {
        assert_eq!(Verification::hashed_identifier(&identifier), stored_when_hashed);
    }
}

#[test]
fn random_shapes() {
    #[derive(Deserialize)]
    struct Shapes {
        session_token_and_default_id: Vec<String>,
    }
    let shapes: Shapes = vectors!("random_shapes");
    let own = [
        auth_core::SessionToken::generate(&mut rand::rng()).expose().to_owned(),
        auth_core::UserId::generate(&mut rand::rng()).as_str().to_owned(),
    ];
    for text in shapes.session_token_and_default_id.iter().chain(&own) {
        assert_eq!(text.len(), auth_core::ID_LENGTH);
        assert!(auth_core::SessionToken::parse(text).is_some(), "{text}");
    }
}
