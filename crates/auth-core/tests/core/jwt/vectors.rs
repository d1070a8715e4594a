//! What the real plugin wrote (tests/vectors/jwt.json).

use auth_core::{
    AdditionalValues, DEFAULT_RSA_BITS, Email, JwkSet, JwsAlgorithm, JwtIssuer, JwtPayload, JwtPolicy,
    JwtVerifier, KeyPair, PrivateJwk, PublicJwk, Purpose, SigningSecret, SymmetricKeys, User, UserId,
    VerificationKey, VerifyError, VersionedSecrets,
};
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::jwt::support::kid;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/jwt.json")).unwrap()
}

fn cases() -> Vec<Value> {
    let cases = vectors()["cases"].as_array().unwrap().clone();
    assert_eq!(cases.len(), 7);
    cases
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn keys(case: &Value) -> SymmetricKeys {
    let secrets = text(case, "secrets");
    let secrets = if secrets.contains(':') {
        VersionedSecrets::parse(secrets).unwrap()
    } else {
        VersionedSecrets::single(SigningSecret::parse(secrets).unwrap())
    };
    SymmetricKeys::derive(&secrets, Purpose::Stored)
}

/// The policy that the case's server had, read off its token.
fn policy(payload: &Value) -> JwtPolicy {
    let life = payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap();
    JwtPolicy {
        issuer: text(payload, "iss").to_owned(),
        audience: text(payload, "aud").to_owned(),
        ttl: Duration::seconds(life),
    }
}

fn issued_at(payload: &Value) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(payload["iat"].as_i64().unwrap()).unwrap()
}

fn row_key(row: &Value) -> VerificationKey {
    let algorithm = JwsAlgorithm::parse(text(row, "alg")).unwrap();
    assert_eq!(row["crv"].as_str(), algorithm.curve());
    let jwk = PublicJwk::parse(algorithm, text(row, "publicKey")).unwrap();
    assert_eq!(jwk.to_json(), text(row, "publicKey"), "the row as we would write it");
    VerificationKey::new(kid(text(row, "id")), jwk).unwrap()
}

#[test]
fn tokens_of_the_reference_verify_with_its_rows_and_with_its_document() {
    for case in cases() {
        let payload: Value = serde_json::from_str(text(&case, "payload")).unwrap();
        let (token, at) = (text(&case, "token"), issued_at(&payload));
        let verifier = JwtVerifier::new(&policy(&payload));
        let mut set = JwkSet::default();
        for row in case["rows"].as_array().unwrap() {
            set.insert(row_key(row));
        }
        let name = JwtVerifier::kid(token).unwrap();
        let claims = verifier.verify(token, set.find(&name).unwrap(), at).unwrap();
        assert_eq!(Value::Object(claims.claims.clone()), payload, "{}", text(&case, "name"));
        assert_eq!(claims.user_id.as_str(), text(&payload, "sub"));
        assert_eq!(claims.email.as_deref(), payload["email"].as_str());
        let late = verifier.verify(token, set.find(&name).unwrap(), claims.expires_at).unwrap_err();
        assert!(matches!(late, VerifyError::Expired { .. }), "{late:?}");

        let Some(document) = case["jwks"].as_str() else { continue };
        assert_eq!(set.to_json(), document, "/jwks as we would write it");
        let read = JwkSet::parse(document.as_bytes()).unwrap();
        assert_eq!(read.find(&name).unwrap().algorithm(), set.find(&name).unwrap().algorithm());
        verifier.verify(token, read.find(&name).unwrap(), at).unwrap();
    }
}

#[test]
fn members_of_a_new_key_are_in_the_references_order() {
    let names = |json: &str| {
        let parts = json.trim_matches(['{', '}']).split(',');
        parts.map(|part| part.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut algorithms = 0;
    for case in cases() {
        for row in case["rows"].as_array().unwrap() {
            let made =
                KeyPair::generate(JwsAlgorithm::parse(text(row, "alg")).unwrap(), DEFAULT_RSA_BITS).unwrap();
            assert_eq!(names(&made.public.to_json()), names(text(row, "publicKey")), "{}", text(row, "alg"));
            algorithms += 1;
        }
    }
    assert!(algorithms >= JwsAlgorithm::ALL.len());
}

#[test]
fn private_keys_of_the_reference_open_and_are_those_of_the_public_ones() {
    for case in cases() {
        for row in case["rows"].as_array().unwrap() {
            let algorithm = JwsAlgorithm::parse(text(row, "alg")).unwrap();
            let private = PrivateJwk::open(algorithm, text(row, "privateKey"), &keys(&case)).unwrap();
            let public = private.public().unwrap();
            let mut members: Vec<&str> = Vec::new();
            let json = public.to_json();
            for name in ["\"kty\"", "\"crv\"", "\"x\"", "\"y\"", "\"n\"", "\"e\"", "\"d\""] {
                if json.contains(name) {
                    members.push(name);
                }
            }
            assert!(!members.contains(&"\"d\""), "{members:?}");
            assert_eq!(
                serde_json::from_str::<Value>(&json).unwrap(),
                serde_json::from_str::<Value>(text(row, "publicKey")).unwrap()
            );
            if let Some(expected) = case["private"].as_str() {
                assert_eq!(private.expose(), expected);
            }
        }
    }
}

/// EdDSA signs the same text the same way, so that the whole token is the reference's, byte for byte.
#[test]
fn a_token_of_ours_is_the_references_own() {
    let mut whole = 0;
    for case in cases() {
        let payload: Value = serde_json::from_str(text(&case, "payload")).unwrap();
        let row = &case["rows"][0];
        if text(row, "alg") != "EdDSA" || payload["name"].is_null() {
            continue;
        }
        let date = |name: &str| {
            let format = &time::format_description::well_known::Rfc3339;
            OffsetDateTime::parse(text(&payload, name), format).unwrap()
        };
        let user = User {
            id: UserId::from_stored(text(&payload, "id")),
            name: text(&payload, "name").to_owned(),
            email: Email::parse(text(&payload, "email")).unwrap(),
            email_verified: payload["emailVerified"].as_bool().unwrap(),
            image: None,
            created_at: date("createdAt"),
            updated_at: date("updatedAt"),
            additional: AdditionalValues::default(),
        };
        let private = PrivateJwk::open(JwsAlgorithm::EdDsa, text(row, "privateKey"), &keys(&case)).unwrap();
        let key = private.signing_key(kid(text(row, "id"))).unwrap();
        let issuer = JwtIssuer::new(policy(&payload), JwtPayload::User);
        let token = issuer.issue(&user, &key, issued_at(&payload)).unwrap();
        assert_eq!(token.expose(), text(&case, "token"));
        whole += 1;
    }
    assert_eq!(whole, 2);
    assert_eq!(
        text(&vectors()["get_session"], "token"),
        text(&cases()[0], "token"),
        "set-auth-jwt is such a token"
    );
}

#[test]
fn r_002_a_cookie_cache_under_the_same_keys_is_no_token() {
    let all = vectors();
    let cache = &all["session_cache"];
    let set = JwkSet::parse(cache["jwks_response"].to_string().as_bytes()).unwrap();
    let token = text(cache, "session_data_cookie");
    let key = set.iter().next().unwrap();
    let claims = &cache["decoded"][1];
    let at = issued_at(claims);
    assert!(matches!(JwtVerifier::kid(token), Err(VerifyError::WrongType)));
    let refused = JwtVerifier::new(&policy(claims)).verify(token, key, at).unwrap_err();
    assert!(matches!(refused, VerifyError::WrongType), "{refused:?}");
}
