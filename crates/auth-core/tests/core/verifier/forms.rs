//! Every form in which a caller can say who they are.

use auth_core::testing::TestIssuer;
use auth_core::{Proof, Refusal, SessionKey, ShownBy, VerifyError};
use time::Duration;

use crate::verifier::support::{NOW, credentials, principal, refusal, unconfirmed};

#[test]
fn an_access_token_says_who_is_calling() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let shown = ann.access_token(NOW).credentials();
    let caller = principal(issuer.verifier().verify(&shown, NOW));
    assert!(matches!(caller.proof(), Proof::AccessToken(_)));
    assert_eq!(caller.user_id(), &ann.user().id);
    assert_eq!((caller.email(), caller.name()), (Some("ann@example.com"), Some("ann")));
    assert_eq!(caller.email_verified(), Some(true));
    assert!(caller.session_id().is_some());
    assert_eq!(caller.expires_at(), NOW + Duration::hours(1));
    assert!(!caller.is_fresh(Duration::days(1), NOW), "it tells no sign-in time");
    let late = issuer.verifier().verify(&shown, NOW + Duration::hours(1)).unwrap_err();
    assert!(matches!(late, Refusal::TokenExpired { expired_at } if expired_at == NOW + Duration::hours(1)));
}

#[test]
fn a_session_token_names_a_session_and_proves_no_user() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let found = unconfirmed(issuer.verifier().verify(&ann.session_token(NOW).credentials(), NOW));
    assert_eq!(found.shown_by(), ShownBy::Bearer);
    let SessionKey::Token(token) = found.key() else { panic!("{found:?}") };
    assert_eq!(token.expose().len(), 32);

    // Signed, as in `set-auth-token`: the text of the cookie, decoded or not.
    let forwarded = found.header().value.expose();
    let (_, encoded) = forwarded.split_once('=').unwrap();
    for text in [encoded.to_owned(), auth_core::decode_uri_component(encoded).unwrap()] {
        let shown = credentials(&[&format!("Bearer {text}")], &[]);
        let again = unconfirmed(issuer.verifier().verify(&shown, NOW));
        let SessionKey::Token(read) = again.key() else { panic!("{again:?}") };
        assert!(read.constant_time_eq(token));
    }
}

#[test]
fn a_session_cookie_names_a_session_and_proves_no_user() {
    let issuer = TestIssuer::new();
    let shown = issuer.user("ann@example.com").session_cookie(NOW);
    let found = unconfirmed(issuer.verifier().verify(&shown.credentials(), NOW));
    assert_eq!(found.shown_by(), ShownBy::Cookie);
    assert_eq!((found.header().name, found.header().value.expose().clone()), shown.header());
}

#[test]
fn a_cookie_cache_shows_who_is_signed_in_for_a_while() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com").with_role("admin, editor");
    let shown = ann.cached_cookie(NOW).credentials();
    let caller = principal(issuer.verifier().verify(&shown, NOW));
    assert!(matches!(caller.proof(), Proof::CookieCache(_)));
    assert_eq!(caller.email(), Some("ann@example.com"));
    assert_eq!(caller.roles().collect::<Vec<_>>(), ["admin", "editor"]);
    assert!(!caller.has_role("Admin"));
    assert!(!caller.is_fresh(Duration::days(1), NOW), "a copy may be of a session that was revoked");
    let later = NOW + Duration::minutes(5) + Duration::milliseconds(1);
    unconfirmed(issuer.verifier().verify(&shown, later));
    unconfirmed(issuer.verifier().without_cookie_cache().verify(&shown, NOW));
    unconfirmed(issuer.verifier().with_cookie_cache_version("2").verify(&shown, NOW));
}

#[test]
fn a_cookie_cache_of_another_session_is_none() {
    let issuer = TestIssuer::new();
    let cached = issuer.user("ann@example.com").cached_cookie(NOW);
    let own = issuer.user("bob@example.com").session_cookie(NOW);
    let (_, copies) = cached.value().split_once("; ").unwrap();
    let shown = credentials(&[], &[&format!("{}; {copies}", own.value())]);
    unconfirmed(issuer.verifier().verify(&shown, NOW));
}

#[test]
fn r_017_a_bearer_that_does_not_verify_is_refused_whatever_the_cookie_says() {
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier();
    let cookie = issuer.user("ann@example.com").cached_cookie(NOW);
    let cookie = cookie.value();
    let stranger = TestIssuer::new().user("ann@example.com").access_token(NOW);
    for bearer in ["Bearer a.b.c", "Bearer a.b", "bearer a-b", stranger.value()] {
        let refused = refusal(&verifier, &[bearer], &[cookie]);
        assert!(matches!(refused, Refusal::InvalidToken(_)), "{bearer}: {refused:?}");
    }
    for malformed in [&["Bearer"][..], &["Bearer a b"], &["Bearer a", "Bearer a"]] {
        assert!(
            matches!(refusal(&verifier, malformed, &[cookie]), Refusal::MalformedBearer),
            "{malformed:?}"
        );
    }
    let basic = credentials(&["Basic YTpi"], &[cookie]);
    assert_eq!(principal(verifier.verify(&basic, NOW)).email(), Some("ann@example.com"));
}

#[test]
fn a_request_without_credentials_is_told_so() {
    let verifier = TestIssuer::new().verifier();
    assert!(matches!(refusal(&verifier, &[], &[]), Refusal::NoCredentials));
    assert!(matches!(refusal(&verifier, &["Basic YTpi"], &["theme=dark"]), Refusal::NoCredentials));
}

#[test]
fn the_cause_of_a_refusal_is_for_the_log() {
    let issuer = TestIssuer::new();
    let shown = issuer.user("ann@example.com").access_token(NOW).credentials();
    let elsewhere = issuer.verifier().with_audience("https://api.example.com");
    let refused = elsewhere.verify(&shown, NOW).unwrap_err();
    assert!(matches!(&refused, Refusal::InvalidToken(Some(VerifyError::MissingClaim { name: "aud" }))));
    assert_eq!(refused.body(), r#"{"message":"Invalid token","code":"INVALID_TOKEN"}"#);
}
