//! The mistakes of services that check by hand: each would let a stranger in, or lock everybody out, and none can be
//! made with this check.

use auth_core::testing::TestIssuer;
use auth_core::{CookieSettings, Refusal, SessionKey};

use crate::verifier::support::{NOW, credentials, refusal, unconfirmed};

/// Name and signed text of a session cookie.
fn cookie(issuer: &TestIssuer) -> (String, String) {
    let shown = issuer.user("ann@example.com").session_cookie(NOW);
    let (name, value) = shown.value().split_once('=').unwrap();
    (name.to_owned(), auth_core::decode_uri_component(value).unwrap())
}

/// Splits at the dot and never looks at the signature.
#[test]
fn r_022_a_cookie_whose_signature_nobody_made_is_refused() {
    let issuer = TestIssuer::new();
    let (name, signed) = cookie(&issuer);
    let (token, signature) = signed.split_once('.').unwrap();
    let (_, of_another_secret) = cookie(&TestIssuer::new());
    let (_, foreign) = of_another_secret.split_once('.').unwrap();
    let zeros = format!("{}=", "A".repeat(43));
    for forged in [
        token.to_owned(),
        format!("{token}."),
        format!("{token}.{foreign}"),
        format!("{token}.{zeros}"),
        format!("{token}x.{signature}"),
        format!("{token}.{}", signature.trim_end_matches('=')),
    ] {
        let refused = refusal(&issuer.verifier(), &[], &[&format!("{name}={forged}")]);
        assert!(matches!(refused, Refusal::ForgedCookie), "{forged}: {refused:?}");
        assert_eq!(refused.status(), 401);
    }
}

/// Compares the whole signed text with the stored token, so that nobody is ever signed in.
#[test]
fn what_finds_the_session_is_the_token_without_its_signature() {
    let issuer = TestIssuer::new();
    let (name, signed) = cookie(&issuer);
    let found = unconfirmed(issuer.verifier().verify(&credentials(&[], &[&format!("{name}={signed}")]), NOW));
    let SessionKey::Token(token) = found.key() else { panic!("{found:?}") };
    assert_eq!(token.expose(), signed.split_once('.').unwrap().0);
}

/// Decodes the session cookie as a JWT.
#[test]
fn r_002_a_jwt_in_the_session_cookie_is_no_session() {
    let issuer = TestIssuer::new();
    let (name, _) = cookie(&issuer);
    let token = issuer.user("ann@example.com").access_token(NOW);
    let jwt = token.value().trim_start_matches("Bearer ");
    let refused = refusal(&issuer.verifier(), &[], &[&format!("{name}={jwt}")]);
    assert!(matches!(refused, Refusal::ForgedCookie), "{refused:?}");
}

/// Forgets the `__Secure-` before the name, or takes a name without it on https, which any page of the domain that
/// is served by http could have set.
#[test]
fn r_019_the_name_of_the_cookie_follows_the_scheme() {
    let issuer = TestIssuer::new();
    let (name, signed) = cookie(&issuer);
    assert_eq!(name, "__Secure-better-auth.session_token");
    let bare = format!("better-auth.session_token={signed}");
    assert!(matches!(refusal(&issuer.verifier(), &[], &[&bare]), Refusal::NoCredentials));
    let plain = CookieSettings { secure: false, ..CookieSettings::default() };
    let verifier = issuer.verifier().with_cookies(plain).unwrap();
    unconfirmed(verifier.verify(&credentials(&[], &[&bare]), NOW));
    assert!(matches!(refusal(&verifier, &[], &[&format!("{name}={signed}")]), Refusal::NoCredentials));
}

/// Takes a session for alive because its cookie is signed.
#[test]
fn r_024_a_signed_cookie_alone_never_gives_a_principal() {
    let issuer = TestIssuer::new();
    let ann = issuer.user("ann@example.com");
    let shown = ann.session_cookie(NOW).credentials();
    ann.sign_out();
    let found = unconfirmed(issuer.verifier().verify(&shown, NOW));
    assert!(matches!(found.confirm(None, NOW), Err(Refusal::SessionOver(_))));
}
