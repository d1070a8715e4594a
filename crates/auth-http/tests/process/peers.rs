//! Peers that stall, send too much, or are too many (R-89, R-90, R-91).

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Process, alone_on_own_database, on_own_database, p99, to_end};

/// Reads one answer without a body.
async fn read_head(peer: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        match peer.read_u8().await {
            Ok(byte) => answer.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends one byte every 200 ms until the server has had enough.
async fn trickle(mut peer: TcpStream) {
    while peer.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Keeps a connection open in one of six slow ways, until the server closes it.
async fn stall(server: &Process, way: usize) {
    const POST: &str =
        "POST /api/auth/sign-in/email HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n";
    match way % 6 {
        0 => drop(to_end(server.raw(b"").await).await),
        1 => drop(to_end(server.raw(b"GET /healthz HTTP/1.1\r\nhost: te").await).await),
        2 => trickle(server.raw(b"GET /healthz HTTP/1.1\r\nx-slow: ").await).await,
        3 => {
            let head = format!("{POST}content-length: 1000\r\n\r\n{{\"email\":");
            drop(to_end(server.raw(head.as_bytes()).await).await);
        }
        4 => trickle(server.raw(format!("{POST}content-length: 1000\r\n\r\n{{").as_bytes()).await).await,
        _ => {
            let mut peer = server.raw(b"HEAD /healthz HTTP/1.1\r\nhost: test\r\n\r\n").await;
            read_head(&mut peer).await;
            let _closed_already = peer.write_all(b"GET /healthz HT").await;
            drop(to_end(peer).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_089_six_hundred_slow_peers_are_gone_in_time_and_health_does_not_feel_them() {
    let (_database, server) = alone_on_own_database(&[]).await;
    let server = std::sync::Arc::new(server);
    server.get("/healthz").await;
    let before = server.descriptors();
    let began = Instant::now();
    let peers: Vec<_> = (0..600)
        .map(|way| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move { stall(&server, way).await })
        })
        .collect();
    while server.descriptors() < before + 500 {
        assert!(began.elapsed() < Duration::from_secs(4), "{} descriptors", server.descriptors());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let health = server.latencies("/healthz", "", 200).await;
    assert!(p99(&health) <= Duration::from_millis(250), "{:?}", p99(&health));
    for peer in peers {
        let gone = tokio::time::timeout_at((began + Duration::from_secs(30)).into(), peer).await;
        gone.expect("every peer is gone").unwrap();
    }
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
    let (_database, server) = alone_on_own_database(&[]).await;
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
    let (_database, server) = on_own_database(&[]).await;
    for (size, status) in [(65_536, 401), (65_537, 413)] {
        let start = r#"{"email":"nobody@example.com","password":"wrong horse","x":""#;
        let body = format!("{start}{}\"}}", "x".repeat(size - start.len() - 2));
        assert_eq!(body.len(), size);
        let request = server.client.post(server.url("/api/auth/sign-in/email"));
        let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_091_the_connection_cap_leaves_health_reachable() {
    let changes = [("AUTH__SERVER__MAX_CONNECTIONS", "100"), ("AUTH__SERVER__RESERVED_CONNECTIONS", "20")];
    let (_database, server) = alone_on_own_database(&changes).await;
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
