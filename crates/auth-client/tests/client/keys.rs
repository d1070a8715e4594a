//! The server's key set: when it is asked for, and what is made of no answer.

use auth_client::{AuthServer, HttpKeys, RequestError};
use auth_core::{
    Authenticator, Credentials, JwkSet, JwsAlgorithm, JwtIssuer, JwtPayload, JwtPolicy, KeyPair, KeySource,
    Kid, Proof, VerificationKey, Verifier, testing::TestIssuer,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::wire::{json, server, server_of};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

fn kid(name: &str) -> Kid {
    Kid::parse(name).unwrap()
}

fn document(names: &[&str]) -> String {
    let pair = KeyPair::generate(JwsAlgorithm::EdDsa, 0).unwrap();
    let mut set = JwkSet::default();
    for name in names {
        set.insert(VerificationKey::new(kid(name), pair.public.clone()).unwrap());
    }
    set.to_json()
}

async fn finds(keys: &HttpKeys, name: &str, after: Duration) -> Result<bool, RequestError> {
    keys.find_key(&kid(name), NOW + after).await.map(|key| key.is_some())
}

#[tokio::test]
async fn r_128_strangers_names_make_it_ask_once_in_a_while() {
    let (up, heads) = server(json("200 OK", &document(&["k1"]))).await;
    let keys = HttpKeys::new(&up).unwrap();
    assert!(finds(&keys, "k1", Duration::ZERO).await.unwrap());
    for number in 0..50 {
        assert!(!finds(&keys, &format!("x{number}"), Duration::seconds(29)).await.unwrap());
        assert!(finds(&keys, "k1", Duration::seconds(29)).await.unwrap());
    }
    assert_eq!(heads.all().len(), 1);
    assert!(heads.all()[0].starts_with("GET /api/auth/jwks HTTP/1.1\r\n"));
    assert!(!heads.all()[0].contains("cookie") && !heads.all()[0].contains("authorization"));
    assert!(!finds(&keys, "x", Duration::seconds(30)).await.unwrap());
    assert_eq!(heads.all().len(), 2);
}

#[tokio::test]
async fn r_130_a_rotated_key_is_found_and_a_withdrawn_one_is_dropped() {
    let answers = [document(&["k1"]), document(&["k1", "k2"]), document(&["k2"])];
    let (up, heads) = server_of(answers.iter().map(|body| json("200 OK", body)).collect()).await;
    let keys = HttpKeys::new(&up).unwrap().with_path("/jwks");
    assert!(finds(&keys, "k1", Duration::ZERO).await.unwrap());
    assert!(finds(&keys, "k2", Duration::seconds(30)).await.unwrap());
    let almost = Duration::seconds(30) + HttpKeys::MAX_AGE - Duration::milliseconds(1);
    assert!(finds(&keys, "k1", almost).await.unwrap());
    assert_eq!(heads.all().len(), 2);
    assert!(!finds(&keys, "k1", almost + Duration::milliseconds(1)).await.unwrap());
    assert_eq!(heads.all().len(), 3);
}

#[tokio::test]
async fn r_093_no_answer_keeps_what_is_known_and_makes_no_token_invalid() {
    let answers = vec![json("200 OK", &document(&["k1"])), json("503 X", ""), json("200 OK", "<html>")];
    let (up, heads) = server_of(answers).await;
    let keys = HttpKeys::new(&up).unwrap();
    assert!(finds(&keys, "k1", Duration::ZERO).await.unwrap());
    let late = HttpKeys::MAX_AGE;
    assert!(finds(&keys, "k1", late).await.unwrap(), "stale, but the server does not answer");
    assert!(matches!(finds(&keys, "k2", late).await, Err(RequestError::NoAnswerYet)));
    let later = late + HttpKeys::MIN_INTERVAL;
    assert!(matches!(finds(&keys, "k2", later).await, Err(RequestError::Unreadable(_))));
    assert!(finds(&keys, "k1", later).await.unwrap());
    assert_eq!(heads.all().len(), 3);

    let nobody = AuthServer::new("http://127.0.0.1:1/api/auth").unwrap().allow_http_on_loopback();
    let keys = HttpKeys::new(&nobody).unwrap();
    assert!(matches!(finds(&keys, "k1", Duration::ZERO).await, Err(RequestError::Transport(_))));
}

#[tokio::test]
async fn r_108_a_clock_that_is_set_back_does_not_silence_it() {
    let (up, heads) = server(json("200 OK", &document(&["k1"]))).await;
    let keys = HttpKeys::new(&up).unwrap();
    assert!(finds(&keys, "k1", Duration::days(365)).await.unwrap());
    assert!(!finds(&keys, "k2", Duration::ZERO).await.unwrap());
    assert_eq!(heads.all().len(), 2);
}

#[tokio::test]
async fn requests_at_once_share_one_question() {
    let (up, heads) = server(json("200 OK", &document(&["k1"]))).await;
    let keys = std::sync::Arc::new(HttpKeys::new(&up).unwrap());
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let keys = std::sync::Arc::clone(&keys);
            tokio::spawn(async move { finds(&keys, "k1", Duration::ZERO).await.unwrap() })
        })
        .collect();
    for found in asked {
        assert!(found.await.unwrap());
    }
    assert_eq!(heads.all().len(), 1);
}

#[tokio::test]
async fn a_service_with_nothing_but_the_address_knows_its_callers() {
    let pair = KeyPair::generate(JwsAlgorithm::EdDsa, 0).unwrap();
    let mut set = JwkSet::default();
    set.insert(VerificationKey::new(kid("k1"), pair.public.clone()).unwrap());
    let (up, _) = server(json("200 OK", &set.to_json())).await;
    let policy = JwtPolicy::new("https://auth.example.com");
    let verifier = Verifier::from_keys(&policy, JwkSet::default());
    let service = Authenticator::new(verifier).with_key_source(HttpKeys::new(&up).unwrap());
    let signing = pair.private.signing_key(kid("k1")).unwrap();
    let ann = TestIssuer::new().user("ann@example.com");
    let token = JwtIssuer::new(policy, JwtPayload::User).issue(ann.user(), &signing, NOW).unwrap();
    let line = format!("Bearer {}", token.expose());
    let caller = service.authenticate(&Credentials::read([line.as_bytes()], []), NOW).await.unwrap();
    assert!(matches!(caller.proof(), Proof::Jwt(_)));
    assert_eq!(caller.user_id(), &ann.user().id);
}
