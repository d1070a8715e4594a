//! A server of this test's own, which says what no good server says.

use std::sync::{Arc, Mutex};

use auth_client::AuthServer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

/// What it was asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heads(Arc<Mutex<Vec<String>>>);

impl Heads {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Answers every request with these bytes and closes the connection.
pub(crate) async fn server(answer: impl Into<Vec<u8>>) -> (AuthServer, Heads) {
    server_of(vec![answer]).await
}

/// Answers requests with one after another, and with the last from then on.
pub(crate) async fn server_of(answers: Vec<impl Into<Vec<u8>>>) -> (AuthServer, Heads) {
    let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
    let (heads, listener) = (Heads::default(), TcpListener::bind(("127.0.0.1", 0)).await.unwrap());
    let address = format!("http://127.0.0.1:{}/api/auth", listener.local_addr().unwrap().port());
    let seen = heads.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = seen.all().len().min(answers.len() - 1);
            let (answer, seen) = (answers[number].clone(), seen.clone());
            tokio::spawn(async move { respond(stream, &answer, &seen).await });
        }
    });
    (AuthServer::new(&address).unwrap().allow_http_on_loopback(), heads)
}

/// Reads one head and writes the answer.
pub(crate) async fn respond(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &[u8], seen: &Heads) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    seen.0.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
    if answer.is_empty() {
        // Says nothing and keeps the connection, until the client has had enough.
        let _ = stream.read(&mut byte).await;
        return;
    }
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

/// Writes an answer of Better Auth's kind.
pub(crate) fn json(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
