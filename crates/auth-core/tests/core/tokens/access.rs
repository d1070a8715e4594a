//! Access tokens: what is issued, and that nothing less is taken (R-03).

use auth_core::{AccessTokenIssuer, AccessTokenPolicy, AccessTokenVerifier, IssueError, VerifyError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::tokens::support::{
    ACCESS_HEADER, CONSUMERS, ISSUER, NOW, NOW_SECONDS, access_claims, forge, issuer, policy, principal,
    secret, verifier, with,
};

fn issue(issuer: &AccessTokenIssuer) -> String {
    issuer.issue(&principal(), NOW, &mut rand::rng()).unwrap().token.expose().clone()
}

#[test]
fn r_003_a_token_has_exactly_the_documented_header_and_claims() {
    let token = issue(&issuer());
    let parts: Vec<String> = token
        .split('.')
        .take(2)
        .map(|part| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
        .collect();
    assert_eq!(parts[0], ACCESS_HEADER);
    let mut claims: Value = serde_json::from_str(&parts[1]).unwrap();
    let token_id = claims["jti"].take();
    let mut expected = Value::Object(access_claims());
    expected["jti"] = Value::Null;
    assert_eq!(claims, expected);
    let token_id = token_id.as_str().unwrap();
    assert!(token_id.len() == 32 && token_id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[test]
fn what_is_issued_verifies() {
    let issued = issuer().issue(&principal(), NOW, &mut rand::rng()).unwrap();
    let claims = verifier().verify(issued.token.expose(), NOW).unwrap();
    let principal = principal();
    assert_eq!(claims.user_id, principal.user.id);
    assert_eq!(claims.session_id, principal.session.id);
    assert_eq!(claims.email, principal.user.email);
    assert_eq!(claims.name, principal.user.name);
    assert!(!claims.email_verified);
    assert_eq!(claims.issuer, ISSUER);
    assert_eq!(claims.audience, None);
    assert_eq!(claims.issued_at.unix_timestamp(), NOW_SECONDS);
    assert_eq!(claims.expires_at, issued.expires_at);
    assert_eq!(claims.expires_at - claims.issued_at, Duration::hours(1));
    assert!(!format!("{issued:?}").contains("eyJ"));
}

#[test]
fn a_token_never_outlives_its_session() {
    let mut principal = principal();
    let mut end = |expires_at: OffsetDateTime| {
        principal.session.expires_at = expires_at;
        issuer().issue(&principal, NOW, &mut rand::rng()).map(|issued| issued.expires_at)
    };
    let in_ten_minutes = NOW + Duration::minutes(10);
    assert_eq!(end(in_ten_minutes).unwrap(), in_ten_minutes.truncate_to_second());
    assert_eq!(end(NOW + Duration::days(9)).unwrap(), NOW.truncate_to_second() + Duration::hours(1));
    for over in [NOW - Duration::days(1), NOW, NOW + Duration::milliseconds(100)] {
        assert!(matches!(end(over), Err(IssueError::SessionOver { ended_at }) if ended_at == over));
    }
}

#[test]
fn a_life_that_leads_nowhere_is_refused() {
    for ttl in [Duration::ZERO, Duration::seconds(-1), Duration::MAX] {
        let issuer = AccessTokenIssuer::new(AccessTokenPolicy { ttl, ..policy() }, secret());
        assert!(matches!(issuer.issue(&principal(), NOW, &mut rand::rng()), Err(IssueError::Ttl)), "{ttl}");
    }
}

#[test]
fn r_003_every_claim_is_required() {
    for name in access_claims().keys() {
        let expected = format!("MissingClaim {{ name: \"{name}\" }}");
        CONSUMERS[0].check(&with(access_claims(), name, None), Some(&expected));
    }
}

#[test]
fn r_003_altered_claims_are_refused() {
    let check = |name: &str, value: Value, expected: &str| {
        CONSUMERS[0].check(&with(access_claims(), name, Some(value)), Some(expected));
    };
    check("iss", json!("https://auth.example.com/"), "WrongIssuer");
    check("iss", json!("HTTPS://auth.example.com"), "WrongIssuer");
    check("iss", json!(""), "MalformedClaim { name: \"iss\" }");
    for name in ["sub", "sid", "jti", "email"] {
        check(name, json!(""), &format!("MalformedClaim {{ name: \"{name}\" }}"));
    }
    check("requestType", json!("change-email-verification"), "MalformedClaim { name: \"requestType\" }");
    check("aud", json!(ISSUER), "WrongAudience");
    check("aud", json!([ISSUER]), "MalformedClaim { name: \"aud\" }");
    CONSUMERS[0].check(&with(access_claims(), "name", Some(json!(""))), None);
}

#[test]
fn the_type_is_spelled_as_it_is_issued() {
    for typ in [r#""JWT""#, r#""AT+JWT""#, r#""application/at+jwt""#, r#""at+jwt ""#, r#""""#] {
        let header = ACCESS_HEADER.replace(r#""at+jwt""#, typ);
        let token = forge(&header, &Value::Object(access_claims()).to_string());
        CONSUMERS[0].check_token(&token, Some("WrongType"), typ);
    }
    for typ in ["null", "1", "[]"] {
        let header = ACCESS_HEADER.replace(r#""at+jwt""#, typ);
        CONSUMERS[0].check_token(&forge(&header, "{}"), Some("Jws(Type)"), typ);
    }
}

#[test]
fn an_audience_must_match_where_one_is_configured() {
    let audience = |name: &str| AccessTokenPolicy { audience: Some(name.to_owned()), ..policy() };
    let api = AccessTokenVerifier::new(&audience("api"), secret());
    let for_api = issue(&AccessTokenIssuer::new(audience("api"), secret()));
    let for_other = issue(&AccessTokenIssuer::new(audience("other"), secret()));
    let for_none = issue(&issuer());
    assert_eq!(api.verify(&for_api, NOW).unwrap().audience.as_deref(), Some("api"));
    assert!(matches!(api.verify(&for_other, NOW), Err(VerifyError::WrongAudience)));
    assert!(matches!(api.verify(&for_none, NOW), Err(VerifyError::MissingClaim { name: "aud" })));
    assert!(matches!(verifier().verify(&for_api, NOW), Err(VerifyError::WrongAudience)));
}

#[test]
fn half_of_the_life_is_over_at_half_of_the_life() {
    let claims = verifier().verify(&issue(&issuer()), NOW).unwrap();
    let half = claims.issued_at + Duration::minutes(30);
    assert!(!claims.is_past_half_life(NOW));
    assert!(!claims.is_past_half_life(half - Duration::nanoseconds(1)));
    assert!(claims.is_past_half_life(half));
    assert!(claims.is_past_half_life(claims.expires_at));
}

#[test]
fn two_tokens_of_one_second_differ() {
    assert_ne!(issue(&issuer()), issue(&issuer()));
}

#[test]
fn errors_say_nothing_of_the_token() {
    let token = forge(ACCESS_HEADER, &with(access_claims(), "iss", Some(json!("hunter2"))));
    let error = verifier().verify(&token, NOW).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
