//! Being told to stop.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join;
use test_support::{SHIPPED_HASHES, email_and_password, to_end};

use crate::SERVER;

/// One hash after another, so that some sign-ins are still waiting when the signal comes. They cost what is shipped: ten
/// of the reference's scrypt do not fit into the time for shutdown on a busy machine.
const SLOW: [(&str, &str); 4] = [
    SHIPPED_HASHES[0],
    SHIPPED_HASHES[1],
    ("AUTH__PASSWORD__PERMITS", "1"),
    ("AUTH__PASSWORD__QUEUE_TIMEOUT", "30s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn r_097_sign_ins_in_flight_finish_and_slow_peers_do_not_hold_the_exit() {
    let (_database, mut server) = SERVER.on_own_database(&SLOW).await;
    server.register("alice@example.com").await;
    let slow = [
        server.raw(b"").await,
        server.raw(b"GET /healthz HT").await,
        server
            .raw(b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{")
            .await,
    ];
    let before = server.descriptors();
    let request =
        server.client.post(server.url("/api/auth/login")).json(&email_and_password("alice@example.com"));
    let request = Arc::new(request);
    let sign_ins: Vec<_> = (0..10)
        .map(|_| {
            let request = request.try_clone().unwrap();
            tokio::spawn(async move { request.send().await.unwrap().status() })
        })
        .collect();
    // Nine connections beside the slow ones say that all are in flight: one sign-in has that of the registration.
    let deadline = Instant::now() + Duration::from_secs(5);
    while server.descriptors() < before + 9 && Instant::now() < deadline {
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
    server.prints("\"stopped\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_no_new_connections_are_taken_once_draining_is_over() {
    let (_database, mut server) = SERVER.on_own_database(&[("AUTH__SERVER__DRAIN_DELAY", "0s")]).await;
    let body = b"POST /api/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    let held = server.raw(body).await;
    server.get("/healthz").await;
    server.signal("TERM");
    let deadline = Instant::now() + Duration::from_secs(5);
    while tokio::net::TcpStream::connect(server.address).await.is_ok() {
        assert!(Instant::now() < deadline, "connections are still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(held);
    assert!(server.ended(Duration::from_secs(15)).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_a_second_signal_ends_at_once() {
    let ends = async |second: &str| {
        let (_database, mut server) = SERVER.on_own_database(&[("AUTH__SERVER__DRAIN_DELAY", "30s")]).await;
        server.signal("TERM");
        server.becomes("/readyz", 503, Duration::from_secs(10)).await;
        server.signal(second);
        // Long before the first signal would have ended it.
        let status = server.ended(Duration::from_secs(5)).await;
        assert_eq!(status.code(), Some(1), "{second}");
    };
    join(ends("TERM"), ends("INT")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_097_an_idle_server_stops_soon() {
    let stops = async |signal: &str| {
        let (_database, mut server) = SERVER.on_own_database(&[]).await;
        // A keep-alive connection that stays open on the client's side.
        assert_eq!(server.get("/healthz").await.status(), 200);
        server.signal(signal);
        assert_eq!(server.ended(Duration::from_secs(5)).await.code(), Some(0), "{signal}");
    };
    join(stops("TERM"), stops("INT")).await;
}
