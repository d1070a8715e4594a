//! Peers that stall or send too much (R-89, R-90).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use test_support::{Process, SLOW_WAYS, stall};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::SERVER;

#[tokio::test(flavor = "multi_thread")]
async fn r_089_slow_peers_of_every_kind_are_gone_after_the_shipped_deadlines() {
    let (_database, server) = SERVER.on_own_database(&[]).await;
    server.get("/healthz").await;
    let before = server.descriptors();
    let began = Instant::now();
    join_all((0..2 * SLOW_WAYS).map(|way| stall(&server, way))).await;
    assert!(began.elapsed() <= Duration::from_secs(15), "{:?}", began.elapsed());
    while server.descriptors() > before + 5 {
        assert!(began.elapsed() <= Duration::from_secs(20), "{} of {before}", server.descriptors());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a body of `size` bytes, by length or in chunks, and gives the answer's first line.
async fn send_large(server: &Process, size: usize, chunked: bool) -> String {
    let framing =
        if chunked { "transfer-encoding: chunked".into() } else { format!("content-length: {size}") };
    let head = format!(
        "POST /api/auth/sign-in/email HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    );
    let peer = server.raw(head.as_bytes()).await;
    let (mut from, mut to) = peer.into_split();
    let sender = tokio::spawn(async move {
        let block = [b' '; 0x4000];
        for _ in 0..size / block.len() {
            let sent = if chunked {
                let chunk = [b"4000\r\n", &block[..], b"\r\n"].concat();
                to.write_all(&chunk).await
            } else {
                to.write_all(&block).await
            };
            if sent.is_err() {
                return;
            }
        }
    });
    let mut answer = vec![0; 4_096];
    let read = from.read(&mut answer).await.unwrap_or_default();
    sender.abort();
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn r_090_two_hundred_large_bodies_are_refused_in_little_memory() {
    let (_database, server) = SERVER.on_own_database(&[]).await;
    let server = std::sync::Arc::new(server);
    for chunked in [false, true] {
        assert!(send_large(&server, 10 << 20, chunked).await.contains(" 413 "));
    }
    let before = server.resident_kib();
    let senders: Vec<_> = (0..200)
        .map(|number| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move { send_large(&server, 10 << 20, number % 2 == 0).await })
        })
        .collect();
    let mut most = before;
    for sender in senders {
        let status = sender.await.unwrap();
        assert!(status.contains(" 413 "), "{status:?}");
        most = most.max(server.resident_kib());
    }
    assert!(most - before <= 16 * 1024, "{} KiB more", most - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn r_090_a_body_at_the_limit_is_read_and_one_byte_more_is_not() {
    let (_database, server) = SERVER.on_own_database(&[]).await;
    for (size, status) in [(65_536, 401), (65_537, 413)] {
        let start = r#"{"email":"nobody@example.com","password":"wrong horse","x":""#;
        let body = format!("{start}{}\"}}", "x".repeat(size - start.len() - 2));
        assert_eq!(body.len(), size);
        let request = server.client.post(server.url("/api/auth/sign-in/email"));
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{size}");
    }
}
