//! Slow clients, which do not complete their requests.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::{Process, to_end};

/// Number of kinds of slow client in [`stall`].
pub const SLOW_WAYS: usize = 6;

/// Keeps a connection open in one of [`SLOW_WAYS`] ways until the server closes it: it sends nothing, stops
/// within the head, sends the head byte by byte, stops within the body, sends the body byte by byte, or stops
/// within the head of a second request.
pub async fn stall(server: &Process, way: usize) {
    const POST: &str =
        "POST /api/auth/sign-in/email HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n";
    match way % SLOW_WAYS {
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

/// Reads one response without a body.
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

/// Sends one byte every 200 ms until the server closes the connection.
async fn trickle(mut peer: TcpStream) {
    while peer.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
