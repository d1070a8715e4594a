//! Tokens of the `jwt` plugin as one of the forms that a service takes.

use std::sync::Mutex;

use auth_core::testing::TestIssuer;
use auth_core::{
    Authenticator, BaseUrl, CookieSettings, Credentials, JwkSet, JwsAlgorithm, JwtIssuer, JwtPayload,
    KeySource, KeyedCookieCache, Kid, MaxAge, Proof, Refusal, Remember, ShownBy, UnconfirmedCopy,
    UserSession, Verdict, VerificationKey, Verifier,
};
use time::{Duration, OffsetDateTime};

use crate::jwt::support::{NOW, pair, policy, user};

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

/// A visitor's cookies: the session's, signed with the secret of `issuer`, and a copy under a key of this name.
struct Copied {
    found: UserSession,
    session_cookie: String,
    value: String,
    key: VerificationKey,
}

const URL: &str = "https://auth.example.com";

impl Copied {
    fn new(issuer: &TestIssuer, kid: &str) -> Self {
        let shown = issuer.user("ann@example.com").session_cookie(NOW);
        let verdict = issuer.verifier().verify(&shown.credentials(), NOW).unwrap();
        let Verdict::Session(unconfirmed) = verdict else { panic!("a cookie alone proves no session") };
        let found =
            now_or_never(auth_core::SessionLookup::find_session(&issuer.sessions(), &unconfirmed, NOW));
        let found = found.unwrap().unwrap();
        let (_, signing, key) = pair(JwsAlgorithm::EdDsa, kid);
        let cache = KeyedCookieCache::new(URL, MaxAge::new(Duration::minutes(5)).unwrap(), "1");
        let value = cache.write(&found, Remember::Persistent, &signing, NOW).unwrap().value;
        Self { found, session_cookie: shown.value().to_owned(), value, key }
    }

    fn copy(&self) -> String {
        format!("__Secure-better-auth.session_data={}", self.value)
    }

    fn credentials(&self) -> Credentials {
        cookies(&format!("{}; {}", self.session_cookie, self.copy()))
    }
}

fn cookies(line: &str) -> Credentials {
    Credentials::read([], [line.as_bytes()])
}

fn cached(verdict: Result<Verdict, Refusal>) -> UserSession {
    match verdict {
        Ok(Verdict::Principal(principal)) => match principal.proof() {
            Proof::CookieCache(found) => (**found).clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn waiting(verdict: Result<Verdict, Refusal>) -> UnconfirmedCopy {
    match verdict {
        Ok(Verdict::Copy(copy)) => copy,
        other => panic!("{other:?}"),
    }
}

fn is_session(verdict: &Result<Verdict, Refusal>) -> bool {
    matches!(verdict, Ok(Verdict::Session(_)))
}

#[test]
fn with_the_secret_a_copy_under_a_public_key_proves_the_session_beside_it() {
    let issuer = TestIssuer::new();
    let (ann, bob) = (Copied::new(&issuer, "k1"), Copied::new(&issuer, "k1"));
    let verifier = issuer.verifier().with_keys(&policy(), set(&ann.key));
    let read = cached(verifier.verify(&ann.credentials(), NOW));
    assert_eq!(read.session.id, ann.found.session.id);

    // For how long a service whose clock is another takes it.
    let later = |seconds| verifier.verify(&ann.credentials(), NOW + Duration::seconds(seconds));
    assert_eq!(cached(later(314)).user.id, ann.found.user.id);
    assert!(is_session(&later(315)));

    let session = |line: &str| is_session(&verifier.verify(&cookies(line), NOW));
    assert!(session(&format!("{}; {}", bob.session_cookie, ann.copy())), "of another session");
    assert!(session(&format!("{}; {}", bob.session_cookie, bob.copy())), "by another key of the name");
    assert!(session(&format!("{}; __Secure-better-auth.session_data=x.y.z", ann.session_cookie)));
    assert!(session(&ann.session_cookie), "no copy");
    let alone = verifier.verify(&cookies(&ann.copy()), NOW).unwrap_err();
    assert!(matches!(alone, Refusal::NoCredentials), "a copy without its session cookie: {alone:?}");

    let strategies = issuer.user("ann@example.com").cached_cookie(NOW).credentials();
    cached(verifier.verify(&strategies, NOW));
    assert!(is_session(&issuer.verifier().verify(&ann.credentials(), NOW)), "no keys, no such copies");
}

#[test]
fn versions_and_switches_of_the_cookie_cache_hold_for_these_copies_too() {
    let issuer = TestIssuer::new();
    let ann = Copied::new(&issuer, "k1");
    let keys = || set(&ann.key);
    let judged = |verifier: Verifier| verifier.verify(&ann.credentials(), NOW);
    cached(judged(issuer.verifier().with_keys(&policy(), keys())));
    for other in [
        issuer.verifier().with_cookie_cache_version("2").with_keys(&policy(), keys()),
        issuer.verifier().with_keys(&policy(), keys()).with_cookie_cache_version("2"),
        issuer.verifier().without_cookie_cache().with_keys(&policy(), keys()),
        issuer.verifier().with_keys(&policy(), keys()).without_cookie_cache(),
    ] {
        assert!(is_session(&judged(other)));
    }

    let url = BaseUrl::parse(URL).unwrap();
    let offline = || Verifier::from_keys(&policy(), keys()).with_cookie_cache_of(&url);
    cached(judged(offline()));
    let refused = judged(offline().with_cookie_cache_version("2")).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Cookie)), "{refused:?}");
    let refused = judged(offline().without_cookie_cache()).unwrap_err();
    assert!(matches!(refused, Refusal::NoCredentials), "{refused:?}");
    let named = CookieSettings { prefix: "my".to_owned(), ..CookieSettings::default() };
    let renamed = offline().with_cookies(named).unwrap();
    assert!(matches!(judged(renamed.clone()), Err(Refusal::NoCredentials)));
    cached(renamed.verify(&cookies(&ann.copy().replace("better-auth", "my")), NOW));
}

#[test]
fn without_the_secret_a_copy_alone_says_who_is_calling_where_that_is_asked_for() {
    let issuer = TestIssuer::new();
    let ann = Copied::new(&issuer, "k1");
    let plain = Verifier::from_keys(&policy(), set(&ann.key));
    let refused = plain.verify(&ann.credentials(), NOW).unwrap_err();
    assert!(matches!(refused, Refusal::NoCredentials), "cookies are to be asked for: {refused:?}");

    let url = BaseUrl::parse(URL).unwrap();
    let verifier = plain.clone().with_cookie_cache_of(&url);
    for credentials in [ann.credentials(), cookies(&ann.copy())] {
        assert_eq!(cached(verifier.verify(&credentials, NOW)).user.email.as_str(), "ann@example.com");
    }
    let refusal = |credentials: &Credentials| verifier.verify(credentials, NOW).unwrap_err();
    assert!(matches!(refusal(&cookies(&ann.session_cookie)), Refusal::NoCredentials));
    for value in ["x", "x.y.z", &ann.value[..ann.value.len() - 1]] {
        let line = format!("__Secure-better-auth.session_data={value}");
        assert!(matches!(refusal(&cookies(&line)), Refusal::Unconfirmed(ShownBy::Cookie)), "{value}");
    }
    let under_secret = issuer.user("ann@example.com").cached_cookie(NOW).credentials();
    assert!(matches!(refusal(&under_secret), Refusal::Unconfirmed(ShownBy::Cookie)));
    let elsewhere = plain.with_cookie_cache_of(&BaseUrl::parse("https://other.example.com").unwrap());
    let refused = elsewhere.verify(&ann.credentials(), NOW).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Cookie)), "of another server: {refused:?}");

    let strict = Authenticator::new(verifier).with_sessions(issuer.sessions());
    let refused = now_or_never(strict.confirm(&ann.credentials(), NOW)).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Cookie)), "no secret, no lookup: {refused:?}");
}

#[test]
fn r_002_a_token_and_a_copy_under_one_key_do_not_stand_in_for_each_other() {
    let issuer = TestIssuer::new();
    let (_, signing, key) = pair(JwsAlgorithm::EdDsa, "k1");
    let token = JwtIssuer::new(policy(), JwtPayload::User).issue(&user(), &signing, NOW).unwrap();
    let found = issuer.user("ann@example.com").sign_in(NOW);
    let cache = KeyedCookieCache::new(URL, MaxAge::LONGEST, "1");
    let copy = cache.write(&found, Remember::Persistent, &signing, NOW).unwrap().value;
    let url = BaseUrl::parse(URL).unwrap();
    for verifier in [
        Verifier::from_keys(&policy(), set(&key)).with_cookie_cache_of(&url),
        issuer.verifier().with_keys(&policy(), set(&key)),
    ] {
        assert!(verifier.verify(&bearer(token.expose()), NOW).is_ok());
        let refused = verifier.verify(&bearer(&copy), NOW).unwrap_err();
        assert!(matches!(refused, Refusal::InvalidToken(_)), "{refused:?}");
        let line = format!("__Secure-better-auth.session_data={}", token.expose());
        let refused = verifier.verify(&cookies(&line), NOW).unwrap_err();
        assert!(refused.is_anonymous(), "{refused:?}");
    }
}

#[test]
fn the_key_of_a_copy_is_asked_for_and_else_the_session() {
    let issuer = TestIssuer::new();
    let ann = Copied::new(&issuer, "k2");
    let verifier = issuer.verifier().with_keys(&policy(), JwkSet::default());
    let copy = waiting(verifier.verify(&ann.credentials(), NOW));
    assert_eq!(copy.kid().as_str(), "k2");
    assert_eq!(copy.verify(Some(&ann.key), NOW).unwrap().user_id(), &ann.found.user.id);
    let (_, _, stranger) = pair(JwsAlgorithm::EdDsa, "k2");
    for wrong in [None, Some(&stranger)] {
        let refused = copy.verify(wrong, NOW).unwrap_err();
        assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Cookie)), "{refused:?}");
    }
    assert!(!format!("{copy:?}").contains(&ann.value), "who holds a copy holds the session's token");

    let knows: &'static Counting = Box::leak(Box::new(Counting(set(&ann.key), Mutex::default())));
    let ignorant: &'static Counting = Box::leak(Box::new(Counting(JwkSet::default(), Mutex::default())));
    let proof = |authenticator: Authenticator| {
        now_or_never(authenticator.authenticate(&ann.credentials(), NOW)).map(|caller| caller.proof().clone())
    };
    let authenticator = || Authenticator::new(verifier.clone());
    assert!(matches!(proof(authenticator().with_key_source(knows)), Ok(Proof::CookieCache(_))));
    assert!(matches!(proof(authenticator()), Err(Refusal::Unconfirmed(ShownBy::Cookie))));
    let unknown = proof(authenticator().with_key_source(ignorant));
    assert!(matches!(unknown, Err(Refusal::Unconfirmed(ShownBy::Cookie))), "{unknown:?}");
    for asking in [authenticator(), authenticator().with_key_source(ignorant)] {
        assert!(matches!(proof(asking.with_sessions(issuer.sessions())), Ok(Proof::Session(_))));
    }
    let away = authenticator().with_key_source(Away);
    assert!(matches!(proof(away.clone()), Err(Refusal::Unavailable(_))), "an outage is no answer");
    assert!(matches!(proof(away.with_sessions(issuer.sessions())), Ok(Proof::Session(_))));
    let confirmed = authenticator().with_key_source(knows).with_sessions(issuer.sessions());
    let confirmed = now_or_never(confirmed.confirm(&ann.credentials(), NOW)).unwrap();
    assert!(matches!(confirmed.proof(), Proof::Session(_)));

    let url = BaseUrl::parse(URL).unwrap();
    let offline = Verifier::from_keys(&policy(), JwkSet::default()).with_cookie_cache_of(&url);
    assert!(waiting(offline.verify(&ann.credentials(), NOW)).session().is_none());
    let asking = Authenticator::new(offline).with_key_source(knows);
    assert!(matches!(proof(asking.clone()), Ok(Proof::CookieCache(_))));
    let refused = now_or_never(asking.confirm(&ann.credentials(), NOW)).unwrap_err();
    assert!(matches!(refused, Refusal::Unconfirmed(ShownBy::Cookie)), "{refused:?}");
}

/// A source that does not answer.
#[derive(Debug, thiserror::Error)]
#[error("away")]
struct Away;

impl KeySource for Away {
    type Error = Away;

    async fn find_key(&self, _: &Kid, _: OffsetDateTime) -> Result<Option<VerificationKey>, Away> {
        Err(Self)
    }
}
