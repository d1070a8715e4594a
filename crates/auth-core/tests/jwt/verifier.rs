//! Tokens of the `jwt` plugin as one of the forms that a service takes.

use std::sync::Mutex;

use auth_core::testing::TestIssuer;
use auth_core::{
    Authenticator, Credentials, JwkSet, JwsAlgorithm, JwtIssuer, JwtPayload, KeySource, Kid, Proof, Refusal,
    Verdict, VerificationKey, Verifier,
};
use time::{Duration, OffsetDateTime};

use crate::support::{NOW, pair, policy, user};

/// A token of the plugin and the key that checks it.
fn token(name: &str) -> (String, VerificationKey) {
    let (_, signing, checking) = pair(JwsAlgorithm::EdDsa, name);
    let token = JwtIssuer::new(policy(), JwtPayload::User).issue(&user(), &signing, NOW).unwrap();
    (token.expose().clone(), checking)
}

fn set(key: &VerificationKey) -> JwkSet {
    let mut set = JwkSet::default();
    set.insert(key.clone());
    set
}

fn bearer(token: &str) -> Credentials {
    Credentials::read([format!("Bearer {token}").as_bytes()], [])
}

fn now_or_never<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn a_service_without_the_secret_knows_tokens_and_no_cookies() {
    let (token, key) = token("k1");
    let verifier = Verifier::from_keys(&policy(), set(&key));
    let Verdict::Principal(caller) = verifier.verify(&bearer(&token), NOW).unwrap() else { panic!() };
    assert!(matches!(caller.proof(), Proof::Jwt(_)));
    assert_eq!((caller.user_id().as_str(), caller.email()), ("u1", Some("ann@example.com")));
    assert_eq!((caller.session_id(), caller.expires_at()), (None, NOW + Duration::minutes(15)));
    assert!(!caller.is_fresh(Duration::days(1), NOW));

    let late = verifier.verify(&bearer(&token), NOW + Duration::minutes(15)).unwrap_err();
    assert!(matches!(late, Refusal::TokenExpired { .. }), "{late:?}");
    let ann = TestIssuer::new().user("ann@example.com");
    for form in [ann.access_token(NOW), ann.session_token(NOW)] {
        let refused = verifier.verify(&form.credentials(), NOW).unwrap_err();
        assert!(matches!(refused, Refusal::InvalidToken(_)), "{refused:?}");
    }
    let refused = verifier.verify(&ann.cached_cookie(NOW).credentials(), NOW).unwrap_err();
    assert!(matches!(refused, Refusal::NoCredentials), "{refused:?}");
}

#[test]
fn r_002_with_the_secret_both_kinds_are_told_apart() {
    let (token, key) = token("k1");
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().with_keys(&policy(), set(&key));
    let proof = |credentials: &Credentials| match verifier.verify(credentials, NOW).unwrap() {
        Verdict::Principal(caller) => caller.proof().clone(),
        other => panic!("{other:?}"),
    };
    assert!(matches!(proof(&bearer(&token)), Proof::Jwt(_)));
    let access = issuer.user("ann@example.com").access_token(NOW).credentials();
    assert!(matches!(proof(&access), Proof::AccessToken(_)));
    let refused = issuer.verifier().verify(&bearer(&token), NOW).unwrap_err();
    assert!(matches!(refused, Refusal::InvalidToken(_)), "no keys, no such tokens: {refused:?}");
}

/// A source that counts who was asked for.
struct Counting(JwkSet, Mutex<Vec<Kid>>);

impl KeySource for &'static Counting {
    type Error = std::convert::Infallible;

    async fn find_key(&self, kid: &Kid, _: OffsetDateTime) -> Result<Option<VerificationKey>, Self::Error> {
        self.1.lock().unwrap().push(kid.clone());
        Ok(self.0.find(kid).cloned())
    }
}

#[test]
fn r_009_a_key_that_is_not_known_is_asked_for_by_name() {
    let (known, known_key) = token("k1");
    let (rotated, rotated_key) = token("k2");
    let (strange, _) = token("k3");
    let verifier = Verifier::from_keys(&policy(), set(&known_key));
    let Verdict::Jwt(unconfirmed) = verifier.verify(&bearer(&rotated), NOW).unwrap() else { panic!() };
    assert_eq!(unconfirmed.kid().as_str(), "k2");
    assert!(unconfirmed.verify(Some(&rotated_key), NOW).is_ok());
    for wrong in [None, Some(&known_key)] {
        assert!(matches!(unconfirmed.verify(wrong, NOW), Err(Refusal::InvalidToken(_))));
    }

    let offline = Authenticator::new(verifier.clone());
    assert!(now_or_never(offline.authenticate(&bearer(&known), NOW)).is_ok());
    let refused = now_or_never(offline.authenticate(&bearer(&rotated), NOW)).unwrap_err();
    assert!(matches!(refused, Refusal::InvalidToken(_)), "{refused:?}");

    let source: &'static Counting = Box::leak(Box::new(Counting(set(&rotated_key), Mutex::default())));
    let asking = Authenticator::new(verifier).with_key_source(source);
    for (token, expected) in [(&known, true), (&rotated, true), (&strange, false)] {
        assert_eq!(now_or_never(asking.authenticate(&bearer(token), NOW)).is_ok(), expected);
    }
    let asked: Vec<String> = source.1.lock().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(asked, ["k2", "k3"], "what is known is not asked for");
}

#[test]
fn r_016_a_token_that_names_no_session_does_not_pass_where_all_are_confirmed() {
    let (token, key) = token("k1");
    let issuer = TestIssuer::new();
    let verifier = issuer.verifier().with_keys(&policy(), set(&key));
    let strict = Authenticator::new(verifier).with_sessions(issuer.sessions()).confirming_all();
    let refused = now_or_never(strict.authenticate(&bearer(&token), NOW)).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(_)), "{refused:?}");
}
