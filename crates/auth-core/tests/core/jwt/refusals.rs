//! What must not pass, though some of it is rightly signed.

use auth_core::jws::JwsError;
use auth_core::{JwsAlgorithm, JwtVerifier, KeyPair, VerificationKey, VerifyError};
use time::OffsetDateTime;

use crate::jwt::support::{NOW, claims, encode, forge, pair, policy};

const HEADER: &str = r#"{"alg":"EdDSA","kid":"k1"}"#;

struct Bench {
    pair: KeyPair,
    key: VerificationKey,
}

impl Bench {
    fn new() -> Self {
        let (pair, _, key) = pair(JwsAlgorithm::EdDsa, "k1");
        Self { pair, key }
    }

    fn verify_at(&self, token: &str, now: OffsetDateTime) -> Result<(), VerifyError> {
        JwtVerifier::new(&policy()).verify(token, &self.key, now).map(drop)
    }

    fn header(&self, header: &str) -> Result<(), VerifyError> {
        self.verify_at(&forge(&self.pair, header, &claims("{}")), NOW)
    }

    fn claims(&self, changes: &str) -> Result<(), VerifyError> {
        self.verify_at(&forge(&self.pair, HEADER, &claims(changes)), NOW)
    }
}

#[test]
fn r_001_the_header_has_no_say_in_the_algorithm() {
    let bench = Bench::new();
    assert!(bench.header(HEADER).is_ok());
    for algorithm in ["none", "None", "HS256", "HS512", "RS256", "PS256", "ES256", "ES512", "eddsa", ""] {
        let refused = bench.header(&format!(r#"{{"alg":"{algorithm}","kid":"k1"}}"#));
        assert!(matches!(refused, Err(VerifyError::Jws(JwsError::Algorithm))), "{algorithm}: {refused:?}");
    }
    for header in [r#"{"kid":"k1"}"#, r#"{"alg":null,"kid":"k1"}"#, r#"{"alg":["EdDSA"],"kid":"k1"}"#] {
        assert!(matches!(bench.header(header), Err(VerifyError::Jws(JwsError::Algorithm))), "{header}");
    }
}

/// RFC 8725 §2.1: a MAC under the public key, and signatures of one RSA scheme under the name of the other.
#[test]
fn r_130_a_key_checks_its_own_algorithm_and_no_other() {
    for algorithm in JwsAlgorithm::ALL {
        let (made, _, key) = pair(algorithm, "k1");
        let verify = |token: &str| JwtVerifier::new(&policy()).verify(token, &key, NOW);
        let header = format!(r#"{{"alg":"{}","kid":"k1"}}"#, algorithm.as_str());
        assert!(verify(&forge(&made, &header, &claims("{}"))).is_ok());
        let signed = format!("{}.{}", encode(r#"{"alg":"HS256","kid":"k1"}"#), encode(claims("{}")));
        let json = made.public.to_json();
        for secret in [json.as_bytes(), made.public.to_json().trim().as_bytes()] {
            use hmac::{KeyInit, Mac};
            let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
            mac.update(signed.as_bytes());
            let token = format!("{signed}.{}", encode(mac.finalize().into_bytes()));
            assert!(matches!(verify(&token), Err(VerifyError::Jws(JwsError::Signature))));
        }
        for other in JwsAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            let (stranger, ..) = pair(other, "k1");
            let header = format!(r#"{{"alg":"{}","kid":"k1"}}"#, other.as_str());
            assert!(verify(&forge(&stranger, &header, &claims("{}"))).is_err(), "{other:?} to {algorithm:?}");
        }
    }
    let (rsa, _, key) = pair(JwsAlgorithm::Rs256, "k1");
    let renamed = forge(&rsa, r#"{"alg":"PS256","kid":"k1"}"#, &claims("{}"));
    assert!(matches!(
        JwtVerifier::new(&policy()).verify(&renamed, &key, NOW),
        Err(VerifyError::Jws(JwsError::Algorithm))
    ));
}

#[test]
fn r_003_issuer_audience_and_subject_are_those_that_are_meant() {
    let bench = Bench::new();
    assert!(bench.claims(r#"{"aud":["https://x.example","https://auth.example.com"]}"#).is_ok());
    assert!(matches!(bench.claims(r#"{"iss":"https://x.example"}"#), Err(VerifyError::WrongIssuer)));
    assert!(matches!(bench.claims(r#"{"iss":"https://auth.example.com/"}"#), Err(VerifyError::WrongIssuer)));
    assert!(matches!(bench.claims(r#"{"aud":"https://x.example"}"#), Err(VerifyError::WrongAudience)));
    for changes in [r#"{"aud":""}"#, r#"{"aud":[]}"#] {
        assert!(matches!(bench.claims(changes), Err(VerifyError::WrongAudience)), "{changes}");
    }
    for name in ["iss", "aud", "sub", "exp"] {
        let mut all: serde_json::Value = serde_json::from_str(&claims("{}")).unwrap();
        all.as_object_mut().unwrap().remove(name);
        let refused = bench.verify_at(&forge(&bench.pair, HEADER, &all.to_string()), NOW);
        assert!(matches!(refused, Err(VerifyError::MissingClaim { name: told }) if told == name), "{name}");
    }
}

#[test]
fn r_005_a_claim_of_the_wrong_type_is_an_error() {
    let bench = Bench::new();
    for name in ["exp", "nbf", "iat", "sub", "iss", "aud", "email", "name", "emailVerified", "role"] {
        for value in ["[1]", "{}", if ["exp", "nbf", "iat"].contains(&name) { "\"1\"" } else { "1" }] {
            let refused = bench.claims(&format!(r#"{{"{name}":{value}}}"#));
            assert!(
                matches!(refused, Err(VerifyError::MalformedClaim { .. })),
                "{name} {value}: {refused:?}"
            );
        }
    }
    for changes in [r#"{"exp":null}"#, r#"{"nbf":null}"#, r#"{"sub":null}"#, r#"{"sub":""}"#] {
        assert!(matches!(bench.claims(changes), Err(VerifyError::MalformedClaim { .. })), "{changes}");
    }
    assert!(bench.claims(r#"{"email":null,"name":null,"emailVerified":null,"role":null}"#).is_ok());
}

#[test]
fn r_006_no_number_panics() {
    let bench = Bench::new();
    let numbers =
        ["-1", "0", "1e308", "-1e308", "18446744073709551615", "9223372036854775807", "1e19", "0.5"];
    for name in ["exp", "nbf", "iat"] {
        for number in numbers {
            let _ = bench.claims(&format!(r#"{{"{name}":{number}}}"#));
        }
    }
}

#[test]
fn r_007_clocks_differ_by_seconds() {
    let bench = Bench::new();
    let at = NOW.unix_timestamp();
    assert!(bench.claims(&format!(r#"{{"nbf":{}}}"#, at + 15)).is_ok());
    assert!(matches!(
        bench.claims(&format!(r#"{{"nbf":{}}}"#, at + 16)),
        Err(VerifyError::NotYetValid { .. })
    ));
    assert!(bench.claims(&format!(r#"{{"iat":{}}}"#, at + 60)).is_ok());
    assert!(matches!(
        bench.claims(&format!(r#"{{"iat":{}}}"#, at + 61)),
        Err(VerifyError::IssuedInTheFuture)
    ));
    assert!(matches!(bench.claims(&format!(r#"{{"exp":{at}}}"#)), Err(VerifyError::Expired { .. })));
}

#[test]
fn r_008_extensions_are_refused() {
    let bench = Bench::new();
    for member in [r#""crit":[]"#, r#""crit":["exp"]"#, r#""b64":false"#, r#""b64":true"#, r#""zip":"DEF""#] {
        let refused = bench.header(&format!(r#"{{"alg":"EdDSA","kid":"k1",{member}}}"#));
        assert!(matches!(refused, Err(VerifyError::Jws(JwsError::Extension))), "{member}: {refused:?}");
    }
}

#[test]
fn r_009_keys_in_the_header_are_ignored_and_its_name_picks_one_of_ours() {
    let bench = Bench::new();
    let (stranger, ..) = pair(JwsAlgorithm::EdDsa, "k1");
    let embedded = format!(
        r#"{{"alg":"EdDSA","kid":"k1","jwk":{},"jku":"https://x.example/jwks","x5u":"https://x.example","x5c":["AA"]}}"#,
        stranger.public.to_json()
    );
    let by_stranger = bench.verify_at(&forge(&stranger, &embedded, &claims("{}")), NOW);
    assert!(matches!(by_stranger, Err(VerifyError::Jws(JwsError::Signature))), "{by_stranger:?}");
    assert!(bench.header(&embedded).is_ok(), "ours, whatever else stands there");
    for kid in ["k2", "K1", "../k1", "' or 1=1 --", "k1\\u0000"] {
        let refused = bench.header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#));
        assert!(matches!(refused, Err(VerifyError::Jws(JwsError::Key))), "{kid}: {refused:?}");
    }
    for header in [r#"{"alg":"EdDSA"}"#, r#"{"alg":"EdDSA","kid":7}"#, r#"{"alg":"EdDSA","kid":""}"#] {
        assert!(matches!(bench.header(header), Err(VerifyError::Jws(JwsError::Key))), "{header}");
    }
}

#[test]
fn r_010_length_and_parts_come_first() {
    let bench = Bench::new();
    let good = forge(&bench.pair, HEADER, &claims("{}"));
    for text in ["", ".", "..", "...", "a", "a.b", &good[..good.rfind('.').unwrap()], &format!("{good}.x")] {
        assert!(bench.verify_at(text, NOW).is_err(), "{text}");
        let _ = JwtVerifier::kid(text);
    }
    let long = forge(&bench.pair, HEADER, &claims(&format!(r#"{{"x":"{}"}}"#, "x".repeat(8_192))));
    assert!(matches!(bench.verify_at(&long, NOW), Err(VerifyError::Jws(JwsError::TooLong))));
    assert!(matches!(JwtVerifier::kid(&long), Err(VerifyError::Jws(JwsError::TooLong))));
}

#[test]
fn r_011_one_spelling_of_each_part() {
    let bench = Bench::new();
    let good = forge(&bench.pair, HEADER, &claims("{}"));
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for spelled in
        [format!("{signature}="), format!("{signature}=="), format!(" {signature}"), format!("{signature}\n")]
    {
        assert!(bench.verify_at(&format!("{signed}.{spelled}"), NOW).is_err(), "{spelled:?}");
    }
    for zeros in [encode([0_u8; 64]), encode([0xff_u8; 64]), encode([]), encode([0_u8; 63])] {
        assert!(bench.verify_at(&format!("{signed}.{zeros}"), NOW).is_err());
    }
    for algorithm in [JwsAlgorithm::Es256, JwsAlgorithm::Es512] {
        let (_, _, key) = pair(algorithm, "k1");
        for length in [0, 1, 63, 64, 65, 132, 133] {
            let token = format!("{signed}.{}", encode(vec![0_u8; length]));
            assert!(JwtVerifier::new(&policy()).verify(&token, &key, NOW).is_err(), "{algorithm:?} {length}");
        }
    }
}

#[test]
fn r_002_other_types_are_refused() {
    let bench = Bench::new();
    for typ in ["JWT", "jwt"] {
        assert!(bench.header(&format!(r#"{{"alg":"EdDSA","kid":"k1","typ":"{typ}"}}"#)).is_ok(), "{typ}");
    }
    for typ in ["at+jwt", "better-auth.session-cache+jwt", "secevent+jwt", ""] {
        let refused = bench.header(&format!(r#"{{"alg":"EdDSA","kid":"k1","typ":"{typ}"}}"#));
        assert!(matches!(refused, Err(VerifyError::WrongType)), "{typ}: {refused:?}");
    }
}
