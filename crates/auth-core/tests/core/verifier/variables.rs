//! Making a verifier from the environment.

use auth_core::testing::TestIssuer;
use auth_core::{ParseBaseUrlError, SigningSecretError, Verifier, VerifierError};

use crate::verifier::support::{NOW, refusal};

const URL: (&str, &str) = ("BETTER_AUTH_URL", "https://auth.example.com/api/auth");
const GOOD: &str = "0123456789abcdef0123456789abcdef";

fn check(variables: &[(&str, &str)], expected: VerifierError) {
    let error = Verifier::from_vars(variables.iter().copied()).unwrap_err();
    assert_eq!(error, expected, "{variables:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn r_110_what_is_missing_or_weak_is_named_and_never_shown() {
    check(&[], VerifierError::Missing { name: "BETTER_AUTH_URL" });
    check(&[URL], VerifierError::Missing { name: "BETTER_AUTH_SECRET" });
    check(&[URL, ("BETTER_AUTH_SECRET", " ")], VerifierError::Missing { name: "BETTER_AUTH_SECRET" });
    check(
        &[URL, ("BETTER_AUTH_SECRET", "hunter2")],
        VerifierError::Secret(SigningSecretError::TooShort { bytes: 7 }),
    );
    check(
        &[URL, ("BETTER_AUTH_SECRET", "better-auth-secret-12345678901234567890")],
        VerifierError::Secret(SigningSecretError::WellKnown),
    );
    check(
        &[("BETTER_AUTH_URL", "auth.example.com"), ("BETTER_AUTH_SECRET", GOOD)],
        VerifierError::BaseUrl(ParseBaseUrlError::Scheme),
    );
    let malformed = Verifier::from_vars([URL, ("BETTER_AUTH_SECRETS", "hunter2")]).unwrap_err();
    assert!(matches!(malformed, VerifierError::Secrets(_)), "{malformed:?}");
}

const OTHER: &str = "fedcba9876543210fedcba9876543210";

/// Tells whether a verifier of these variables takes a session cookie that is signed under [`GOOD`].
fn takes(variables: &[(&str, &str)]) -> bool {
    let token = auth_core::SessionToken::generate(&mut rand::rng());
    let secret = auth_core::SigningSecret::parse(GOOD).unwrap();
    let signed = auth_core::signed_value::sign_session_token(&token, &secret).unwrap();
    let cookie = format!("__Secure-better-auth.session_token={signed}");
    let verifier = Verifier::from_vars([URL].iter().chain(variables).copied()).unwrap();
    verifier.verify(&auth_core::Credentials::read([], [cookie.as_bytes()]), NOW).is_ok()
}

#[test]
fn r_111_the_first_of_versioned_secrets_signs() {
    let versioned = |list: &str| takes(&[("BETTER_AUTH_SECRETS", list), ("BETTER_AUTH_SECRET", OTHER)]);
    assert!(takes(&[("BETTER_AUTH_SECRET", GOOD)]));
    assert!(!takes(&[("BETTER_AUTH_SECRET", OTHER)]));
    assert!(versioned(&format!("2:{GOOD},1:{OTHER}")));
    assert!(!versioned(&format!("1:{OTHER},2:{GOOD}")), "an older one signs nothing");
}

#[test]
fn the_fallback_is_read_where_no_other_secret_is_set() {
    assert!(takes(&[("AUTH_SECRET", GOOD)]));
    assert!(takes(&[("AUTH_SECRET", GOOD), ("BETTER_AUTH_SECRET", "")]));
    assert!(takes(&[("AUTH_SECRET", OTHER), ("BETTER_AUTH_SECRET", GOOD)]));
    assert!(!takes(&[("AUTH_SECRET", GOOD), ("BETTER_AUTH_SECRET", OTHER)]));
    // Another framework's, beside a secret that the server reads from a file.
    for name in ["BETTER_AUTH_SECRET_FILE", "BETTER_AUTH_SECRETS_FILE"] {
        check(
            &[URL, ("AUTH_SECRET", GOOD), (name, "/run/secrets/auth")],
            VerifierError::Missing { name: "BETTER_AUTH_SECRET" },
        );
    }
    check(
        &[URL, ("AUTH_SECRET", GOOD), ("BETTER_AUTH_SECRET", " ")],
        VerifierError::Missing { name: "BETTER_AUTH_SECRET" },
    );
}

#[test]
fn other_variables_are_nobodys_business() {
    let variables = [("PATH", "/bin"), URL, ("BETTER_AUTH_SECRET", GOOD), ("BETTER_AUTH_SECRETS", "")];
    let verifier = Verifier::from_vars(variables).unwrap();
    let stranger = TestIssuer::new().user("ann@example.com").access_token(NOW);
    assert_eq!(refusal(&verifier, &[stranger.value()], &[]).status(), 401);
}
