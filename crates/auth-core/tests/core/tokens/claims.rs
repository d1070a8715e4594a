//! Times and types of claims, the same for every consumer (R-04 to R-07).

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use time::Duration;

use crate::tokens::support::{CONSUMERS, NOW, NOW_SECONDS, forge, with};

#[test]
fn r_004_a_token_without_exp_is_refused() {
    for consumer in CONSUMERS {
        consumer.check(&with((consumer.claims)(), "exp", None), Some("MissingClaim { name: \"exp\" }"));
    }
}

#[test]
fn r_004_signature_comes_first_then_type_then_times() {
    for consumer in CONSUMERS {
        let expired = with((consumer.claims)(), "exp", Some(json!(1)));
        let mut token = forge(r#"{"alg":"none","typ":"other"}"#, &expired);
        consumer.check_token(&token, Some("Jws(Algorithm)"), "wrong in three ways");
        token.truncate(token.len() - 4);
        consumer.check_token(&token, Some("Jws(Signature)"), "wrong in four ways");
        let token = forge(r#"{"alg":"HS256","typ":"other"}"#, &expired);
        consumer.check_token(&token, Some("WrongType"), "wrong in two ways");
        consumer.check(&expired, Some("Expired"));
    }
}

#[test]
fn r_005_a_claim_of_the_wrong_type_is_a_failure_not_an_absence() {
    let no_number =
        [json!("1894710896"), json!(null), json!([]), json!({}), json!(true), json!(-1), json!(-0.5)];
    let no_text = [json!(1), json!(null), json!([]), json!(["u1"]), json!({}), json!(true), json!(-1)];
    for consumer in CONSUMERS {
        let malformed = |name: &str| format!("MalformedClaim {{ name: \"{name}\" }}");
        for name in ["exp", "nbf", "iat"] {
            for value in &no_number {
                let payload = with((consumer.claims)(), name, Some(value.clone()));
                consumer.check(&payload, Some(&malformed(name)));
            }
        }
        let texts: &[&str] = match consumer.name {
            "access token" => &["iss", "sub", "sid", "jti", "email", "name"],
            "foreign token" => &["sub", "iss", "email", "name"],
            _ => &["email", "updateTo", "userId", "requestType"],
        };
        for name in texts {
            for value in &no_text {
                consumer.check(&with((consumer.claims)(), name, Some(value.clone())), Some(&malformed(name)));
            }
        }
    }
    let [access, foreign, _] = CONSUMERS;
    for value in [json!(0), json!("false"), json!(null), json!([])] {
        let payload = with((access.claims)(), "emailVerified", Some(value));
        access.check(&payload, Some("MalformedClaim { name: \"emailVerified\" }"));
    }
    for value in [json!(1), json!(null), json!({}), json!([1]), json!(["a", null]), json!(true)] {
        let payload = |claims| with(claims, "aud", Some(value.clone()));
        foreign.check(&payload((foreign.claims)()), Some("MalformedClaim { name: \"aud\" }"));
        access.check(&payload((access.claims)()), Some("MalformedClaim { name: \"aud\" }"));
    }
}

#[test]
fn r_006_dates_over_the_whole_range_of_numbers_never_panic() {
    let rng = &mut StdRng::seed_from_u64(6);
    let mut numbers: Vec<String> = Vec::new();
    for _ in 0..500 {
        let bits: u64 = rng.random();
        numbers.push(bits.to_string());
        numbers.push((bits as i64).to_string());
        let float = f64::from_bits(bits);
        if float.is_finite() {
            numbers.push(format!("{float:e}"));
            numbers.push(format!("{:e}", float.rem_euclid(1e13)));
        }
    }
    for extreme in ["1e400", "-1e400", "1e-400", "9e999999999", "0.0000001", "253402300799.9999999", "-0"] {
        numbers.push(extreme.to_owned());
    }
    for consumer in CONSUMERS {
        for name in ["exp", "nbf", "iat"] {
            for number in &numbers {
                let payload = with((consumer.claims)(), name, Some(json!("@")));
                let payload = payload.replace(&format!("\"{name}\":\"@\""), &format!("\"{name}\":{number}"));
                assert!(payload.contains(number));
                // Most are refused; the point is that each gets an answer.
                let _ = (consumer.verdict)(&forge(consumer.header, &payload), NOW);
            }
        }
    }
}

#[test]
fn r_007_skew_is_bounded() {
    let at = |seconds: f64| json!(NOW_SECONDS as f64 + 0.75 + seconds);
    let cases: [(&str, Value, Option<&str>); 14] = [
        // No leeway on `exp`, to the millisecond.
        ("exp", at(0.001), None),
        ("exp", at(0.0), Some("Expired")),
        ("exp", at(-0.001), Some("Expired")),
        ("exp", json!(NOW_SECONDS + 1), None),
        ("exp", json!(NOW_SECONDS), Some("Expired")),
        // Fifteen seconds on `nbf`.
        ("nbf", json!(0), None),
        ("nbf", at(0.0), None),
        ("nbf", at(14.999), None),
        ("nbf", at(15.001), Some("NotYetValid")),
        ("nbf", at(3_000.0), Some("NotYetValid")),
        // Sixty on `iat`.
        ("iat", json!(0), None),
        ("iat", at(59.999), None),
        ("iat", at(60.001), Some("IssuedInTheFuture")),
        ("iat", at(3_000.0), Some("IssuedInTheFuture")),
    ];
    for consumer in CONSUMERS {
        for (name, value, expected) in &cases {
            consumer.check(&with((consumer.claims)(), name, Some(value.clone())), *expected);
        }
    }
}

#[test]
fn a_token_dies_at_its_exp_and_not_before() {
    for consumer in CONSUMERS {
        let token = consumer.good();
        let end = NOW - Duration::milliseconds(750) + Duration::hours(1);
        assert_eq!((consumer.verdict)(&token, end - Duration::nanoseconds(1)), Ok(()));
        assert!((consumer.verdict)(&token, end).unwrap_err().starts_with("Expired"));
    }
}
