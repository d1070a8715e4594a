//! What is made of a server's answers.

use std::time::{Duration, Instant};

use auth_client::{AuthServer, HttpSessions, MAX_ANSWER_BYTES, RequestError, TIMEOUT};
use auth_core::testing::TestIssuer;
use auth_core::{SessionLookup, UnconfirmedSession, UserSession, Verdict};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::wire::{json, server};

const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

const ANN: &str = r#"{"session":{"id":"s","token":"t","userId":"u","expiresAt":"2030-02-01T00:00:00.000Z"},
    "user":{"id":"u","name":"Ann","email":"ann@example.com","emailVerified":true}}"#;

/// A session that a cookie names.
fn session() -> UnconfirmedSession {
    let issuer = TestIssuer::new();
    let shown = issuer.user("ann@example.com").session_cookie(NOW);
    match issuer.verifier().verify(&shown.credentials(), NOW).unwrap() {
        Verdict::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

async fn find(server: &AuthServer) -> Result<Option<UserSession>, RequestError> {
    HttpSessions::new(server)?.find_session(&session(), NOW).await
}

#[tokio::test]
async fn somebody_nobody_and_no_answer_are_three_things() {
    let (up, _) = server(json("200 OK", ANN)).await;
    assert_eq!(find(&up).await.unwrap().unwrap().user.email.as_str(), "ann@example.com");
    for (status, body) in [("200 OK", "null"), ("401 Unauthorized", r#"{"code":"UNAUTHORIZED"}"#)] {
        let (up, _) = server(json(status, body)).await;
        assert!(find(&up).await.unwrap().is_none(), "{status}");
    }
    for status in [400, 403, 404, 429, 500, 503] {
        let (up, _) = server(json(&format!("{status} X"), "null")).await;
        let error = find(&up).await.unwrap_err();
        assert!(matches!(error, RequestError::Status { status: told } if told == status), "{error:?}");
    }
    for body in ["", "{}", "<html>", "[]"] {
        let (up, _) = server(json("200 OK", body)).await;
        assert!(matches!(find(&up).await, Err(RequestError::Unreadable(_))), "{body}");
    }
    let (garbage, _) = server("220 smtp ready\r\n").await;
    assert!(matches!(find(&garbage).await, Err(RequestError::Transport(_))));
}

#[tokio::test]
async fn the_callers_one_header_is_forwarded_and_nothing_else() {
    let (up, heads) = server(json("200 OK", "null")).await;
    let session = session();
    HttpSessions::new(&up).unwrap().find_session(&session, NOW).await.unwrap();
    let heads = heads.all();
    assert_eq!(heads.len(), 1);
    let mut lines = heads[0].lines();
    assert_eq!(lines.next(), Some("GET /api/auth/get-session HTTP/1.1"));
    let names: Vec<&str> = lines.filter_map(|line| line.split_once(':').map(|(name, _)| name)).collect();
    assert_eq!(names, ["cookie", "host"]);
    assert!(heads[0].contains(session.header().value.expose().as_str()));
}

#[tokio::test]
async fn r_128_a_redirect_is_not_followed() {
    let (elsewhere, asked) = server(json("200 OK", ANN)).await;
    for status in [301, 302, 307, 308] {
        let location = elsewhere.address();
        let answer = format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let (up, _) = server(answer).await;
        let error = find(&up).await.unwrap_err();
        assert!(matches!(error, RequestError::Status { status: told } if told == status), "{error:?}");
    }
    assert!(asked.all().is_empty());
}

#[tokio::test]
async fn r_128_an_answer_has_a_length_and_a_time() {
    let long = json("200 OK", &" ".repeat(MAX_ANSWER_BYTES + 1));
    let (up, _) = server(long).await;
    assert!(matches!(find(&up).await, Err(RequestError::TooLong)));
    // Without a length: it ends with the connection.
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(2 * MAX_ANSWER_BYTES));
    let (up, _) = server(endless).await;
    assert!(matches!(find(&up).await, Err(RequestError::TooLong)));

    let (silent, _) = server("").await;
    let begun = Instant::now();
    let error = find(&silent.with_timeout(Duration::from_millis(100))).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    assert!(begun.elapsed() < TIMEOUT);
}

#[tokio::test]
async fn the_cache_keeps_who_is_signed_in_and_never_who_is_not() {
    let session = session();
    let (up, heads) = server(json("200 OK", ANN)).await;
    let cached = HttpSessions::new(&up).unwrap().with_cache(Duration::from_secs(60), 100);
    for _ in 0..3 {
        assert!(cached.find_session(&session, NOW).await.unwrap().is_some());
    }
    assert_eq!(heads.all().len(), 1);
    assert!(cached.find_session(&crate::answers::session(), NOW).await.unwrap().is_some());
    assert_eq!(heads.all().len(), 2, "another session is another question");

    let (up, heads) = server(json("200 OK", "null")).await;
    let cached = HttpSessions::new(&up).unwrap().with_cache(Duration::from_secs(60), 100);
    for _ in 0..3 {
        assert!(cached.find_session(&session, NOW).await.unwrap().is_none());
    }
    assert_eq!(heads.all().len(), 3);

    let (up, heads) = server(json("200 OK", ANN)).await;
    let asking = HttpSessions::new(&up).unwrap();
    for _ in 0..3 {
        assert!(asking.find_session(&session, NOW).await.unwrap().is_some());
    }
    assert_eq!(heads.all().len(), 3, "without a cache every question is asked");
}

#[tokio::test]
async fn r_016_the_cache_forgets_in_time_and_never_grows() {
    let (up, heads) = server(json("200 OK", ANN)).await;
    let brief = HttpSessions::new(&up).unwrap().with_cache(Duration::ZERO, 100);
    for _ in 0..2 {
        brief.find_session(&session(), NOW).await.unwrap();
    }
    assert_eq!(heads.all().len(), 2);
    let (up, _) = server(json("200 OK", ANN)).await;
    let small = HttpSessions::new(&up).unwrap().with_cache(Duration::from_secs(3600), 5);
    for _ in 0..30 {
        small.find_session(&session(), NOW).await.unwrap();
    }
    assert!(small.cached_sessions() <= 5, "{}", small.cached_sessions());
}
