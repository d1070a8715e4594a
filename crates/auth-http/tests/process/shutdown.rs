//! Being told to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::process::{PASSWORD, alone_on_own_database, on_own_database, to_end};

/// One hash after another, so that some sign-ins are still waiting when the signal comes.
const SLOW: [(&str, &str); 3] = [
    ("AUTH__PASSWORD__HASHER", "scrypt"),
    ("AUTH__PASSWORD__PERMITS", "1"),
    ("AUTH__PASSWORD__QUEUE_TIMEOUT", "30s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn r_097_sign_ins_in_flight_finish_and_slow_peers_do_not_hold_the_exit() {
    let (_database, mut server) = alone_on_own_database(&SLOW).await;
    server.register("alice@example.com").await;
    let slow = [
        server.raw(b"").await,
        server.raw(b"GET /healthz HT").await,
        server
            .raw(b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{")
            .await,
    ];
    let before = server.descriptors();
    let request = server
        .client
        .post(server.url("/api/auth/login"))
        .json(&json!({ "email": "alice@example.com", "password": PASSWORD }));
    let request = Arc::new(request);
    let sign_ins: Vec<_> = (0..10)
        .map(|_| {
            let request = request.try_clone().unwrap();
            tokio::spawn(async move { request.send().await.unwrap().status() })
        })
        .collect();
    // Ten connections beside the slow ones say that all are in flight.
    let deadline = Instant::now() + Duration::from_secs(5);
    while server.descriptors() < before + 10 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    server.signal("TERM");
    for sign_in in sign_ins {
        assert_eq!(sign_in.await.unwrap(), 200);
    }
    let status = server.ended(Duration::from_secs(15)).await;
    assert!(began.elapsed() <= Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(status.code(), Some(0));
    for peer in slow {
        to_end(peer).await;
    }
    assert!(server.output().contains("\"stopped\""), "{}", server.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_no_new_connections_are_taken_once_draining_is_over() {
    let (_database, mut server) = on_own_database(&[("AUTH__SERVER__DRAIN_DELAY", "0s")]).await;
    let body = b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    let held = server.raw(body).await;
    server.get("/healthz").await;
    server.signal("TERM");
    let deadline = Instant::now() + Duration::from_secs(3);
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        assert!(Instant::now() < deadline, "connections are still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(held);
    assert!(server.ended(Duration::from_secs(15)).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_a_second_signal_ends_at_once() {
    for second in ["TERM", "INT"] {
        let (_database, mut server) = on_own_database(&[("AUTH__SERVER__DRAIN_DELAY", "10s")]).await;
        server.signal("TERM");
        server.becomes("/readyz", 503, Duration::from_secs(2)).await;
        let began = Instant::now();
        server.signal(second);
        let status = server.ended(Duration::from_secs(2)).await;
        assert_eq!(status.code(), Some(1));
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_an_idle_server_stops_soon() {
    for signal in ["TERM", "INT"] {
        let (_database, mut server) = on_own_database(&[]).await;
        // A keep-alive connection that stays open on the client's side.
        assert_eq!(server.get("/healthz").await.status(), 200);
        server.signal(signal);
        assert_eq!(server.ended(Duration::from_secs(5)).await.code(), Some(0));
    }
}
