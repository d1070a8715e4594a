//! Header, length, encoding and signature, the same for every consumer (R-01, R-08 to R-11).

use auth_core::jws::{self, JwsError};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::tokens::support::{CONSUMERS, access_claims, encode, forge, mac, secret};

fn payload() -> String {
    serde_json::Value::Object(access_claims()).to_string()
}

#[test]
fn the_test_signer_makes_tokens_that_every_consumer_takes() {
    for consumer in CONSUMERS {
        consumer.check_token(&consumer.good(), None, "unchanged");
    }
}

#[test]
fn r_001_the_header_never_selects_the_algorithm() {
    for consumer in CONSUMERS {
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""NONE""#,
            r#""nOnE""#,
            r#""""#,
            r#""HS384""#,
            r#""HS512""#,
            r#""RS256""#,
            r#""ES256""#,
            r#""PS256""#,
            r#""EdDSA""#,
            r#""hs256""#,
            r#""HS256 ""#,
            "null",
            "256",
            r#"["HS256"]"#,
            r#"{"name":"HS256"}"#,
        ] {
            let header = consumer.header.replace(r#""HS256""#, alg);
            let payload = serde_json::Value::Object((consumer.claims)()).to_string();
            consumer.check_token(&forge(&header, &payload), Some("Jws(Algorithm)"), alg);
            let unsigned = format!("{}.{}.", encode(&header), encode(&payload));
            consumer.check_token(&unsigned, Some("Jws(Signature)"), alg);
        }
        let header = consumer.header.replace(r#""alg":"HS256""#, r#""x":1"#);
        consumer.check_token(&forge(&header, "{}"), Some("Jws(Algorithm)"), "no alg");
    }
}

#[test]
fn r_008_unknown_extensions_are_refused() {
    for consumer in CONSUMERS {
        for member in
            [r#""crit":["exp"]"#, r#""crit":[]"#, r#""b64":false"#, r#""b64":true"#, r#""crit":null"#]
        {
            let header = consumer.header.replace('}', &format!(",{member}}}"));
            let token = forge(&header, &serde_json::Value::Object((consumer.claims)()).to_string());
            consumer.check_token(&token, Some("Jws(Extension)"), member);
        }
    }
}

#[test]
fn r_009_keys_in_headers_are_ignored() {
    let members = [
        r#""jku":"https://attacker.example/jwks.json""#,
        r#""x5u":"https://attacker.example/cert.pem""#,
        r#""jwk":{"kty":"oct","k":"YXR0YWNrZXIta2V5LWF0dGFja2VyLWtleS1hdHRhY2s"}"#,
        r#""x5c":["MIIB"]"#,
        r#""kid":"../../../../dev/null""#,
        r#""kid":"' UNION SELECT 'key"#,
    ];
    for consumer in CONSUMERS {
        for member in &members[..5] {
            let header = consumer.header.replace('}', &format!(",{member}}}"));
            let payload = serde_json::Value::Object((consumer.claims)()).to_string();
            // The right key: the member changes nothing.
            consumer.check_token(&forge(&header, &payload), None, member);
            // The attacker's key, named or embedded: it is not asked.
            let signing_input = format!("{}.{}", encode(&header), encode(&payload));
            let token = format!("{signing_input}.{}", encode([7_u8; 32]));
            consumer.check_token(&token, Some("Jws(Signature)"), member);
        }
    }
}

#[test]
fn r_010_length_and_parts_are_judged_before_anything_is_decoded() {
    let good = CONSUMERS[0].good();
    let json = format!(r#"{{"payload":"{}","signatures":[]}}"#, encode(payload()));
    let long = "a".repeat(jws::MAX_TOKEN_BYTES + 1);
    let dots = ".".repeat(jws::MAX_TOKEN_BYTES);
    for consumer in CONSUMERS {
        consumer.check_token(&long, Some("Jws(TooLong)"), "8 KiB and one");
        for text in [
            "",
            "a",
            "a.b",
            &format!("{good}.x"),
            &format!(".{good}"),
            &dots,
            &json,
            &good.replacen('.', "", 1),
        ] {
            consumer.check_token(text, Some("Jws(NotCompact)"), text);
        }
        for text in ["..", "a.b.c", &format!("{good} "), &format!(" {good}"), "ä.ö.ü"] {
            consumer.check_token(text, Some("Jws(Signature)"), text);
        }
    }
    let at_the_limit = {
        let name_length = (jws::MAX_TOKEN_BYTES * 3 / 4 - 600) / 100 * 100;
        let payload = payload().replace("Ann ✓", &"n".repeat(name_length));
        forge(CONSUMERS[0].header, &payload)
    };
    assert!(at_the_limit.len() <= jws::MAX_TOKEN_BYTES);
    CONSUMERS[0].check_token(&at_the_limit, None, "just below 8 KiB");
}

#[test]
fn r_011_one_spelling_of_each_part() {
    let sign = |signing_input: String| format!("{signing_input}.{}", encode(mac(&signing_input)));
    // Five bytes of payload leave one unused group, so that padding and stray bits are possible.
    let header = r#"{"alg":"HS256"} "#;
    let payload = r#"{"a":1 }"#;
    let good = format!("{}.{}", encode(header), encode(payload));
    assert!(jws::verify(&sign(good.clone()), &secret()).is_ok());
    let stray_bits = {
        let mut text = good.clone();
        let last = text.pop().unwrap();
        text.push(char::from(last as u8 + 1));
        text
    };
    let padded = format!("{}.{}", URL_SAFE.encode(header), URL_SAFE.encode(payload));
    for signing_input in [
        padded,
        stray_bits,
        format!("{good} "),
        format!("{good}\n"),
        format!(" {good}"),
        good.replacen('.', " .", 1),
        format!("{}.{}", encode(header), STANDARD.encode(b"\xfb\xff\xfe")),
    ] {
        let verdict = jws::verify(&sign(signing_input.clone()), &secret());
        assert!(matches!(verdict, Err(JwsError::Encoding(_))), "{signing_input:?}: {verdict:?}");
    }
    // The signature's last character carries two unused bits.
    let token = sign(good);
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in alphabet.chars().filter(|other| *other != last) {
        let text = format!("{}{other}", &token[..token.len() - 1]);
        assert!(matches!(jws::verify(&text, &secret()), Err(JwsError::Signature)), "{other}");
    }
    assert!(jws::verify(&format!("{token}="), &secret()).is_err());
}

#[test]
fn every_changed_byte_of_a_token_is_noticed() {
    for consumer in CONSUMERS {
        let good = consumer.good();
        for place in 0..good.len() {
            let new = if &good[place..=place] == "A" { "B" } else { "A" };
            let text = format!("{}{new}{}", &good[..place], &good[place + 1..]);
            assert!((consumer.verdict)(&text, crate::tokens::support::NOW).is_err(), "changed at {place}");
            assert!(
                (consumer.verdict)(&good[..place], crate::tokens::support::NOW).is_err(),
                "cut at {place}"
            );
        }
    }
}

#[test]
fn r_015_of_members_that_stand_twice_the_last_counts() {
    let access = &CONSUMERS[0];
    let twice = |first: &str, last: &str| payload().replace(r#""sub""#, &format!(r#"{first},{last},"sub""#));
    access.check(&twice(r#""nbf":0"#, r#""nbf":4102444800"#), Some("NotYetValid"));
    access.check(&twice(r#""nbf":4102444800"#, r#""nbf":0"#), None);
    let header = r#"{"alg":"none","typ":"JWT","alg":"HS256","typ":"at+jwt"}"#;
    access.check_token(&forge(header, &payload()), None, header);
    let header = r#"{"alg":"HS256","typ":"at+jwt","alg":"none"}"#;
    access.check_token(&forge(header, &payload()), Some("Jws(Algorithm)"), header);
}

#[test]
fn what_is_not_a_json_object_is_refused() {
    for text in ["", "{", "{}{}", "{\"a\":\"\\ud800\"}", "\u{feff}{}", "{'a':1}"] {
        for token in [forge(text, "{}"), forge(r#"{"alg":"HS256"}"#, text)] {
            let verdict = jws::verify(&token, &secret());
            assert!(matches!(verdict, Err(JwsError::Json(_))), "{text}: {verdict:?}");
        }
    }
    for text in ["[]", "null", "1", "\"hunter2\""] {
        for token in [forge(text, "{}"), forge(r#"{"alg":"HS256"}"#, text)] {
            let verdict = jws::verify(&token, &secret());
            assert!(matches!(verdict, Err(JwsError::NotAnObject)), "{text}: {verdict:?}");
        }
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert!(matches!(jws::verify(&forge(r#"{"alg":"HS256"}"#, &deep), &secret()), Err(JwsError::Json(_))));
}
