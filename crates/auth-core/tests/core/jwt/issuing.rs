//! Tokens that are made here.

use auth_core::{
    FieldValue, JwsAlgorithm, JwtIssueError, JwtIssuer, JwtPayload, JwtPolicy, JwtVerifier, Visibility,
};
use time::Duration;

use crate::jwt::support::{NOW, pair, policy, user};

#[test]
fn every_algorithm_signs_what_it_checks() {
    for algorithm in JwsAlgorithm::ALL {
        let (_, signing, checking) = pair(algorithm, "k1");
        let token = JwtIssuer::new(policy(), JwtPayload::User).issue(&user(), &signing, NOW).unwrap();
        assert_eq!(JwtVerifier::kid(token.expose()).unwrap().as_str(), "k1");
        let claims = JwtVerifier::new(&policy()).verify(token.expose(), &checking, NOW).unwrap();
        assert_eq!(claims.user_id.as_str(), "u1");
        assert_eq!((claims.email.as_deref(), claims.name.as_deref()), (Some("ann@example.com"), Some("Ann")));
        assert_eq!((claims.email_verified, claims.issued_at), (Some(true), Some(NOW)));
        assert_eq!(claims.expires_at, NOW + Duration::minutes(15));
    }
}

#[test]
fn r_060_no_field_of_a_user_takes_the_place_of_a_registered_claim() {
    let (_, signing, checking) = pair(JwsAlgorithm::EdDsa, "k1");
    let mut user = user();
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "plan"] {
        user.additional.set(name.into(), FieldValue::Text("mine".to_owned()), Visibility::Returned);
    }
    user.additional.set("note".into(), FieldValue::Text("hidden".to_owned()), Visibility::Hidden);
    let token = JwtIssuer::new(policy(), JwtPayload::User).issue(&user, &signing, NOW).unwrap();
    let claims = JwtVerifier::new(&policy()).verify(token.expose(), &checking, NOW).unwrap();
    assert_eq!(claims.user_id.as_str(), "u1");
    assert_eq!(claims.claims["plan"], "mine");
    assert!(!claims.claims.contains_key("note") && !claims.claims.contains_key("jti"));
}

#[test]
fn a_payload_says_what_its_profile_says() {
    let (_, signing, checking) = pair(JwsAlgorithm::EdDsa, "k1");
    let mut user = user();
    user.additional.set("role".into(), FieldValue::Text("postgres".to_owned()), Visibility::Returned);
    let check = |payload, expected: &[&str], role: Option<&str>| {
        let token = JwtIssuer::new(policy(), payload).issue(&user, &signing, NOW).unwrap();
        let claims = JwtVerifier::new(&policy()).verify(token.expose(), &checking, NOW).unwrap();
        let mut names: Vec<&str> = claims.claims.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!((claims.user_id.as_str(), claims.role.as_deref()), ("u1", role));
    };
    check(JwtPayload::Minimal, &["aud", "exp", "iat", "iss", "sub"], None);
    let neon = ["aud", "email", "exp", "iat", "iss", "name", "role", "sub"];
    check(JwtPayload::NeonDataApi, &neon, Some("authenticated"));
}

#[test]
fn what_cannot_be_issued_is_said() {
    let (_, signing, _) = pair(JwsAlgorithm::EdDsa, "k1");
    for ttl in [Duration::ZERO, Duration::seconds(-1), Duration::MAX] {
        let issuer = JwtIssuer::new(JwtPolicy { ttl, ..policy() }, JwtPayload::Minimal);
        assert!(matches!(issuer.issue(&user(), &signing, NOW), Err(JwtIssueError::Ttl)), "{ttl}");
    }
    let mut long = user();
    long.name = "x".repeat(10_000);
    let issuer = JwtIssuer::new(policy(), JwtPayload::User);
    assert!(matches!(issuer.issue(&long, &signing, NOW), Err(JwtIssueError::TooLong)));
}
