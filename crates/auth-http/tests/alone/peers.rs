//! Peers that stall, and peers that are too many.

use std::sync::Arc;
use std::time::{Duration, Instant};

use test_support::{p99, stall, to_end};

use crate::{SERVER, alone};

/// Shorter than shipped; the binary `process` waits for the shipped ones.
const DEADLINES: [(&str, &str); 3] = [
    ("AUTH__SERVER__HEAD_TIMEOUT", "2s"),
    ("AUTH__SERVER__BODY_TIMEOUT", "4s"),
    ("AUTH__SERVER__KEEP_ALIVE", "4s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn r_089_six_hundred_slow_peers_are_gone_in_time_and_health_does_not_feel_them() {
    let _alone = alone().await;
    let (_database, server) = SERVER.on_own_database(&DEADLINES).await;
    let server = Arc::new(server);
    server.get("/healthz").await;
    let before = server.descriptors();
    let began = Instant::now();
    let peers: Vec<_> = (0..600)
        .map(|way| {
            let server = Arc::clone(&server);
            tokio::spawn(async move { stall(&server, way).await })
        })
        .collect();
    while server.descriptors() < before + 500 {
        assert!(began.elapsed() < Duration::from_secs(2), "{} descriptors", server.descriptors());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let health = server.latencies("/healthz", "", 200).await;
    assert!(p99(&health) <= Duration::from_millis(250), "{:?}", p99(&health));
    for peer in peers {
        let gone = tokio::time::timeout_at((began + Duration::from_secs(30)).into(), peer).await;
        gone.expect("every peer is gone").unwrap();
    }
    // As long after the last deadline as the rule allows after the shipped one, and five seconds more for descriptors.
    assert!(began.elapsed() <= Duration::from_secs(9), "{:?}", began.elapsed());
    while server.descriptors() > before + 5 {
        assert!(began.elapsed() <= Duration::from_secs(14), "{} of {before}", server.descriptors());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_091_the_connection_cap_leaves_health_reachable() {
    let _alone = alone().await;
    let changes = [("AUTH__SERVER__MAX_CONNECTIONS", "100"), ("AUTH__SERVER__RESERVED_CONNECTIONS", "20")];
    let (_database, server) = SERVER.on_own_database(&changes).await;
    let mut holders = Vec::new();
    for _ in 0..100 {
        holders.push(server.raw(b"GET /healthz HTTP/1.1\r\n").await);
    }
    let ok = b"GET /api/auth/ok HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let deadline = Instant::now() + Duration::from_secs(3);
    loop {
        let answer = to_end(server.raw(ok).await).await;
        if answer.starts_with("HTTP/1.1 503 ") {
            assert!(answer.contains("retry-after: "), "{answer}");
            break;
        }
        assert!(Instant::now() < deadline, "the cap is not reached: {answer}");
    }
    let health = server.latencies("/healthz", "", 50).await;
    assert!(p99(&health) <= Duration::from_millis(250), "{:?}", p99(&health));
}
