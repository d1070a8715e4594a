//! Keys: which are taken, what is shown of them, how they are stored.

use auth_core::{
    JwkSet, JwsAlgorithm, KeyPair, KeyPairError, MAX_DOCUMENT_BYTES, ParseJwkSetError, PrivateJwk, PublicJwk,
    Purpose, SigningSecret, SymmetricKeys, VerificationKey, VersionedSecrets,
};

use crate::jwt::support::{kid, pair};

const OLD: &str = "0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210";

fn symmetric(secrets: &str) -> SymmetricKeys {
    let secrets = if secrets.contains(':') {
        VersionedSecrets::parse(secrets).unwrap()
    } else {
        VersionedSecrets::single(SigningSecret::parse(secrets).unwrap())
    };
    SymmetricKeys::derive(&secrets, Purpose::Stored)
}

#[test]
fn r_130_nothing_private_is_shown() {
    let mut set = JwkSet::default();
    for algorithm in JwsAlgorithm::ALL {
        let (pair, signing, checking) = pair(algorithm, algorithm.as_str());
        // Also where somebody stored the private key as the public one.
        let swapped = PublicJwk::parse(algorithm, pair.private.expose()).unwrap();
        set.insert(VerificationKey::new(kid(&format!("{}-swapped", algorithm.as_str())), swapped).unwrap());
        let debug = format!("{pair:?} {signing:?}");
        let json: serde_json::Value = serde_json::from_str(pair.private.expose()).unwrap();
        assert!(!debug.contains(json["d"].as_str().unwrap()), "{debug}");
        set.insert(checking);
    }
    let document: serde_json::Value = serde_json::from_str(&set.to_json()).unwrap();
    let keys = document["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 10);
    for key in keys {
        for name in key.as_object().unwrap().keys() {
            assert!(
                ["alg", "crv", "kty", "x", "y", "n", "e", "kid"].contains(&name.as_str()),
                "{name} in {key}"
            );
        }
    }
}

#[test]
fn r_111_a_private_key_opens_with_the_secret_that_sealed_it_and_with_no_other() {
    let pair = KeyPair::generate(JwsAlgorithm::EdDsa, 0).unwrap();
    let open =
        |stored: &str, secrets: &str| PrivateJwk::open(JwsAlgorithm::EdDsa, stored, &symmetric(secrets));
    let sealed = pair.private.seal(&symmetric(OLD), &mut rand::rng()).unwrap();
    assert!(sealed.starts_with('"') && sealed.ends_with('"') && !sealed.contains("$ba$"));
    assert_eq!(open(&sealed, OLD).unwrap().expose(), pair.private.expose());
    assert!(matches!(open(&sealed, NEW), Err(KeyPairError::Decrypt(_))));

    let versioned = pair.private.seal(&symmetric(&format!("1:{OLD}")), &mut rand::rng()).unwrap();
    assert!(versioned.starts_with("\"$ba$1$"));
    assert!(open(&versioned, &format!("2:{NEW},1:{OLD}")).is_ok());
    assert!(matches!(open(&versioned, &format!("2:{NEW}")), Err(KeyPairError::Decrypt(_))));

    assert!(open(pair.private.expose(), OLD).is_ok(), "unencrypted");
    for nonsense in ["", "null", "[]", "\"\"", "\"zz\"", "x", &sealed[..sealed.len() - 3]] {
        let error = open(nonsense, OLD).unwrap_err();
        assert!(matches!(error, KeyPairError::Form | KeyPairError::Decrypt(_)), "{nonsense}: {error:?}");
    }
    for other in ["{}", r#"{"kty":"OKP"}"#, "{"] {
        assert!(matches!(open(other, OLD), Err(KeyPairError::Public(_))), "{other}");
    }
}

#[test]
fn keys_that_do_not_fit_their_algorithm_are_refused() {
    let json = |algorithm| pair(algorithm, "k").0.public.to_json();
    for made in JwsAlgorithm::ALL {
        for claimed in JwsAlgorithm::ALL {
            let is_rsa = |algorithm| matches!(algorithm, JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256);
            let fits = made == claimed || (is_rsa(made) && is_rsa(claimed));
            assert_eq!(PublicJwk::parse(claimed, &json(made)).is_ok(), fits, "{made:?} as {claimed:?}");
        }
    }
    let zeros = "A".repeat(43);
    let ones = format!("{}E", "A".repeat(42));
    for text in [
        "",
        "[]",
        "{}",
        "null",
        &format!(r#"{{"kty":"EC","crv":"P-256","x":"{zeros}","y":"{zeros}"}}"#),
        &format!(r#"{{"kty":"EC","crv":"P-256","x":"{ones}","y":"{ones}"}}"#),
        r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#,
    ] {
        assert!(PublicJwk::parse(JwsAlgorithm::Es256, text).is_err(), "{text}");
    }
    let rsa = |bytes: usize, exponent: &str| {
        let modulus = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            [vec![0x80; bytes - 1], vec![1]].concat(),
        );
        PublicJwk::parse(JwsAlgorithm::Rs256, &format!(r#"{{"kty":"RSA","n":"{modulus}","e":"{exponent}"}}"#))
    };
    assert!(rsa(256, "AQAB").is_ok());
    assert!(rsa(255, "AQAB").is_err(), "2,040 bits");
    assert!(rsa(1_025, "AQAB").is_err(), "more than 8,192 bits");
    for exponent in ["AQ", "AAE", "AA", "Ag", "", "AQABAQABAQAB"] {
        assert!(rsa(256, exponent).is_err(), "{exponent}");
    }
    for bits in [0, 1_024, 2_047, 8_193, 1_000_000] {
        let refused = KeyPair::generate(JwsAlgorithm::Rs256, bits).unwrap_err();
        assert!(matches!(refused, KeyPairError::Generate(None)), "{bits}");
    }
}

#[test]
fn a_document_gives_the_keys_that_can_be_used_and_leaves_the_others() {
    let x = "_AmUOuJYGEOzlQ5vrSI7TYxqZsEoeKX6p8WssnjV32c";
    let other = "mKHmgxKHZK5NCCZYOASO-csTq9pm7ysQ_5Wfv2_x_Lc";
    let good = format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}""#);
    let document = format!(
        r#"{{"keys":[
            {{{good},"kid":"bare"}}, {{{good},"kid":"named","alg":"EdDSA","use":"sig"}}, {{{good},"kid":"ops","key_ops":["verify"]}},
            {{{good}}}, {{{good},"kid":""}}, {{{good},"kid":7}}, {{{good},"kid":"enc","use":"enc"}},
            {{{good},"kid":"sign","key_ops":["sign"]}}, {{{good},"kid":"hs","alg":"HS256"}}, {{{good},"kid":"none","alg":"none"}},
            {{{good},"kid":"es","alg":"ES256"}}, {{"kty":"oct","k":"AAAA","kid":"oct"}}, {{"kty":"oct","k":"AAAA","kid":"oct2","alg":"HS256"}},
            7, null, "x", {{"kty":"OKP","crv":"X25519","x":"{x}","kid":"x25519"}},
            {{"kty":"OKP","crv":"Ed25519","x":"{other}","kid":"bare"}}
        ],"more":1}}"#
    );
    let set = JwkSet::parse(document.as_bytes()).unwrap();
    let names: Vec<&str> = set.iter().map(|key| key.kid().as_str()).collect();
    assert_eq!(names, ["bare", "named", "ops"]);
    assert!(
        set.find(&kid("bare")).unwrap().jwk().to_json().contains(x),
        "of two with one name the first counts"
    );

    for text in ["", "{}", "[]", r#"{"keys":{}}"#, "<html>"] {
        assert_eq!(JwkSet::parse(text.as_bytes()).unwrap_err(), ParseJwkSetError::Form, "{text}");
    }
    assert_eq!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().iter().count(), 0);
    let large = vec![b' '; MAX_DOCUMENT_BYTES + 1];
    assert_eq!(JwkSet::parse(&large).unwrap_err(), ParseJwkSetError::TooLarge);
    let many = format!(r#"{{"keys":[{}]}}"#, vec!["1"; 1_001].join(","));
    assert_eq!(JwkSet::parse(many.as_bytes()).unwrap_err(), ParseJwkSetError::TooLarge);
}

#[test]
fn r_130_halves_of_two_keys_are_told_from_a_pair() {
    for algorithm in JwsAlgorithm::ALL {
        let ((_, signing, checking), (_, _, stranger)) = (pair(algorithm, "k1"), pair(algorithm, "k1"));
        assert!(signing.fits(&checking), "{algorithm:?}");
        assert!(!signing.fits(&stranger), "{algorithm:?}");
        let renamed = VerificationKey::new(kid("k2"), checking.jwk().clone()).unwrap();
        assert!(!signing.fits(&renamed), "{algorithm:?}");
    }
}
