//! Stalled, oversized and surplus clients, over real sockets, without a database.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::web;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::*;
use crate::config::Environment;

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: test\r\n\r\n";

fn settings(changes: &[(&str, &str)]) -> Settings {
    let environment = Environment::default()
        .with("BETTER_AUTH_SECRET", "unit-test-secret-Zk3vQ9xT7mB2nR5c")
        .with("BETTER_AUTH_URL", "http://localhost:3000")
        .with("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
        .with("PORT", "0")
        .with("AUTH__SERVER__WORKERS", "2")
        .with("AUTH__SERVER__HEAD_TIMEOUT", "500ms")
        .with("AUTH__SERVER__KEEP_ALIVE", "1s")
        .with("AUTH__SERVER__HANDLER_TIMEOUT", "1s");
    let environment =
        changes.iter().fold(environment, |environment, (name, value)| environment.with(*name, *value));
    Settings::load(&environment).unwrap()
}

/// More bytes than the kernel buffers for a peer that does not read.
const LARGE: usize = 32 * 1024 * 1024;

/// Time in which the server must close a stalled connection, even on a busy machine. Without a deadline of
/// the server these connections would never end.
const SOON: Duration = Duration::from_secs(10);

/// The setting for tests with requests to `/slow`, which take as long as the test wants.
const PATIENT: (&str, &str) = ("AUTH__SERVER__HANDLER_TIMEOUT", "60s");

/// The handler of `/slow`: counts requests when they begin, and answers them when the test allows it.
#[derive(Clone)]
struct Slow {
    begun: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
}

impl Slow {
    async fn until_begun(&self, count: usize) {
        while self.begun.load(Ordering::SeqCst) < count {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn answer(self) -> HttpResponse {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.unwrap().forget();
        HttpResponse::Ok().body("done")
    }
}

/// A test server with a few routes.
struct Served {
    address: SocketAddr,
    slow: Slow,
    task: tokio::task::JoinHandle<io::Result<()>>,
    handle: actix_web::dev::ServerHandle,
}

fn start(changes: &[(&str, &str)]) -> Served {
    let settings = settings(changes);
    let listener = listen(&settings.server.host, settings.server.port).unwrap();
    let address = listener.local_addr().unwrap();
    let trusts = Arc::new(|origin: &str| origin == "https://app.example.com");
    let slow = Slow { begun: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
    let mounted = slow.clone();
    let server = serve(listener, &settings, trusts, move |config| {
        let slow = mounted.clone();
        config
            .route("/healthz", web::get().to(HttpResponse::Ok))
            .route("/fast", web::get().to(HttpResponse::Ok))
            .route("/echo", web::post().to(|body: String| async move { body }))
            .route("/slow", web::get().to(move || slow.clone().answer()))
            .route("/large", web::get().to(|| async { HttpResponse::Ok().body(vec![b'x'; LARGE]) }))
            .route("/panic", web::get().to(|| async { panic!("as asked") as HttpResponse }))
            .route("/stuck", web::get().to(std::future::pending::<HttpResponse>));
    });
    let server = server.unwrap();
    Served { address, slow, handle: server.handle(), task: tokio::spawn(server) }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn send(&self, bytes: &str) -> TcpStream {
        let mut peer = self.connect().await;
        peer.write_all(bytes.as_bytes()).await.unwrap();
        peer
    }

    /// Sends a request and reads until the server closes.
    async fn exchange(&self, bytes: &str) -> String {
        to_end(self.send(bytes).await).await
    }
}

async fn to_end(mut peer: TcpStream) -> String {
    let mut answer = Vec::new();
    let _reset = peer.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer that has no body.
async fn head(peer: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let byte = peer.read_u8().await.unwrap();
        answer.push(byte);
    }
    String::from_utf8(answer).unwrap()
}

fn close(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
}

#[tokio::test]
async fn r_089_a_head_that_does_not_come_is_answered_408_or_closed() {
    let served = start(&[]);
    for (sent, answered) in
        [("", true), ("GET /fast HT", true), ("GET /fast HTTP/1.1\r\nhost: a\r\nx:", true)]
    {
        let began = Instant::now();
        let answer = served.exchange(sent).await;
        assert_eq!(answer.starts_with("HTTP/1.1 408 "), answered, "{sent:?}: {answer:?}");
        assert!(began.elapsed() < SOON, "{sent:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn r_089_a_later_head_has_a_deadline_too() {
    let served = start(&[]);
    for second in ["", "GET /fa", "POST /echo HTTP/1.1\r\nhost: test\r\n"] {
        let mut peer = served.send("GET /fast HTTP/1.1\r\nhost: test\r\n\r\n").await;
        head(&mut peer).await;
        let began = Instant::now();
        let _closed_already = peer.write_all(second.as_bytes()).await;
        to_end(peer).await;
        assert!(began.elapsed() < SOON, "{second:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn an_idle_connection_outlives_the_deadline_of_its_first_head() {
    let served = start(&[("AUTH__SERVER__HEAD_TIMEOUT", "100ms"), ("AUTH__SERVER__KEEP_ALIVE", "60s")]);
    let request = "GET /fast HTTP/1.1\r\nhost: test\r\n\r\n";
    let mut peer = served.send(request).await;
    assert!(head(&mut peer).await.starts_with("HTTP/1.1 200 "));
    // The deadline of the first head is this timeout and half a second.
    tokio::time::sleep(Duration::from_millis(900)).await;
    peer.write_all(request.as_bytes()).await.unwrap();
    assert!(head(&mut peer).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn r_089_a_trickling_head_is_not_given_more_time() {
    let served = start(&[]);
    let mut peer = served.send("GET /fast HTTP/1.1\r\nhost: test\r\n\r\n").await;
    head(&mut peer).await;
    let began = Instant::now();
    let trickle = async {
        while peer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(2 * SOON, trickle).await.unwrap();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn r_089_a_body_that_nobody_reads_has_a_deadline_too() {
    let served = start(&[]);
    let mut peer =
        served.send("POST /nowhere HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n").await;
    assert!(head(&mut peer).await.starts_with("HTTP/1.1 404 "));
    let began = Instant::now();
    let trickle = async {
        while peer.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(2 * SOON, trickle).await.unwrap();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test]
async fn r_089_a_handler_that_hangs_is_answered_503() {
    let served = start(&[]);
    let answer = served.exchange(&close("/stuck")).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: 1\r\n"), "{answer}");
    assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    assert!(
        answer.ends_with(r#"{"message":"Service unavailable","code":"SERVICE_UNAVAILABLE"}"#),
        "{answer}"
    );
    assert!(answer.contains("x-request-id: "), "{answer}");
}

#[tokio::test]
async fn r_101_a_panic_costs_one_request() {
    let served = start(&[("AUTH__SERVER__WORKERS", "1"), PATIENT]);
    // These requests run on the same worker while others panic.
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(served.send(&close("/slow")).await);
    }
    served.slow.until_begun(8).await;
    for _ in 0..20 {
        let mut peer = served.send("GET /panic HTTP/1.1\r\nhost: test\r\n\r\n").await;
        let answer = head(&mut peer).await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(answer.contains("content-length: 0\r\n") && answer.contains("x-request-id: "), "{answer}");
        assert!(!answer.contains("content-type"), "{answer}");
        // This connection and all others continue.
        peer.write_all(close("/fast").as_bytes()).await.unwrap();
        assert!(to_end(peer).await.starts_with("HTTP/1.1 200 "));
    }
    served.slow.gate.add_permits(8);
    for slow in slow {
        assert!(to_end(slow).await.ends_with("done"));
    }
}

#[tokio::test]
async fn r_101_requests_before_and_after_a_panic_on_its_connection_are_answered_in_turn() {
    let served = start(&[("AUTH__SERVER__WORKERS", "1"), PATIENT]);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
    let all = ["/slow", "/panic", "/fast", "/panic"].map(get).concat() + &close("/fast");
    let peers = futures_util::future::join_all((0..4).map(|_| served.exchange(&all)));
    let release = async {
        served.slow.until_begun(4).await;
        served.slow.gate.add_permits(4);
    };
    for answers in tokio::join!(peers, release).0 {
        let status = |line: &str| line.strip_prefix("HTTP/1.1 ").map(|rest| rest[..3].to_owned());
        // A body has no line end, so the next answer begins on the same line.
        let lines = answers.replace("HTTP/1.1 ", "\nHTTP/1.1 ");
        let statuses: Vec<String> = lines.lines().filter_map(status).collect();
        assert_eq!(statuses, ["200", "500", "200", "500", "200"], "{answers}");
    }
}

#[tokio::test]
async fn r_089_a_peer_that_does_not_take_its_answer_is_let_go() {
    let served = start(&[("AUTH__SERVER__BODY_TIMEOUT", "500ms")]);
    // A client that reads late gets only what the server sent before it gave up. No other sign shows that the
    // server gave up, so a busy machine gets more attempts.
    let mut received = LARGE;
    for seconds in [1, 2, 4, 8] {
        let peer = served.send(&close("/large")).await;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        received = to_end(peer).await.len();
        if received < LARGE {
            break;
        }
    }
    assert!(received < LARGE);
    let in_time = served.send(&close("/large")).await;
    assert!(to_end(in_time).await.len() > LARGE, "one that reads gets all of it");
}

#[tokio::test]
async fn r_090_heads_and_paths_have_limits() {
    let served = start(&[]);
    let status = |answer: String| answer.split(' ').nth(1).unwrap_or_default().to_owned();
    for (length, expected) in [(2_048, "404"), (2_049, "414"), (60_000, "414")] {
        let path = format!("/{}", "a".repeat(length - 1));
        assert_eq!(status(served.exchange(&close(&path)).await), expected, "{length}");
    }
    for (length, expected) in [(15_000, "200"), (17_000, "431"), (200_000, "431")] {
        let request =
            close("/fast").replace("\r\n\r\n", &format!("\r\nx-filler: {}\r\n\r\n", "a".repeat(length)));
        assert_eq!(status(served.exchange(&request).await), expected, "{length}");
    }
    let query = format!("/fast?{}", "a".repeat(4_000));
    assert_eq!(status(served.exchange(&close(&query)).await), "200", "the path's limit is not the query's");
}

#[tokio::test]
async fn r_034_refusals_before_the_routes_are_not_stored_either() {
    let served = start(&[]);
    let long_path = close(&format!("/{}", "a".repeat(3_000)));
    let long_head =
        close("/fast").replace("\r\n\r\n", &format!("\r\nx-filler: {}\r\n\r\n", "a".repeat(17_000)));
    for request in [long_path, long_head, close("/stuck")] {
        let answer = served.exchange(&request).await;
        assert!(answer.contains("cache-control: no-store\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn r_091_health_is_reachable_when_connections_run_out() {
    let served = start(&[("AUTH__SERVER__MAX_CONNECTIONS", "20"), ("AUTH__SERVER__HEAD_TIMEOUT", "60s")]);
    let mut holders = Vec::new();
    for _ in 0..20 {
        holders.push(served.send("GET /fast HTTP/1.1\r\nhost:").await);
    }
    // All connections are accepted once the last one's worker has seen it. A 503 on a surplus connection
    // shows that.
    let deadline = Instant::now() + SOON;
    while !served.exchange(&close("/fast")).await.starts_with("HTTP/1.1 503 ") {
        assert!(Instant::now() < deadline, "the limit was never reached");
    }
    for _ in 0..10 {
        let began = Instant::now();
        assert!(served.exchange(&close("/healthz")).await.starts_with("HTTP/1.1 200 "));
        assert!(began.elapsed() < SOON / 4, "{:?}", began.elapsed());
    }
    // A silent surplus connection is closed sooner than others.
    let began = Instant::now();
    to_end(served.connect().await).await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    drop(holders);
    let deadline = Instant::now() + SOON;
    while !served.exchange(&close("/fast")).await.starts_with("HTTP/1.1 200 ") {
        assert!(Instant::now() < deadline, "the limit outlived its cause");
    }
}

#[tokio::test]
async fn r_097_running_requests_finish_and_idle_peers_are_let_go() {
    let served = start(&[
        ("AUTH__SERVER__KEEP_ALIVE", "60s"),
        ("AUTH__SERVER__HEAD_TIMEOUT", "60s"),
        ("AUTH__SERVER__SHUTDOWN_TIMEOUT", "60s"),
        PATIENT,
    ]);
    let mut idle = served.send(HEALTH).await;
    head(&mut idle).await;
    let half = served.send("GET /fast HTTP/1.1\r\nho").await;
    let slow = served.send(&close("/slow")).await;
    served.slow.until_begun(1).await;
    let began = Instant::now();
    let stopped = served.handle.stop(true);
    served.slow.gate.add_permits(1);
    stopped.await;
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(to_end(slow).await.ends_with("done"));
    assert_eq!(to_end(idle).await, "");
    assert_eq!(to_end(half).await, "");
    assert!(TcpStream::connect(served.address).await.is_err());
    served.task.await.unwrap().unwrap();
}

#[tokio::test]
async fn request_ids_are_taken_only_where_they_are_plain_words() {
    let served = start(&[]);
    for (sent, taken) in [
        ("abcdefgh", true),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", true),
        ("short", false),
        ("a b c d e f", false),
        ("quote\"quote", false),
    ] {
        let request = close("/fast").replace("\r\n\r\n", &format!("\r\nx-request-id: {sent}\r\n\r\n"));
        let answer = served.exchange(&request).await;
        let id = answer.split("x-request-id: ").nth(1).unwrap().split("\r\n").next().unwrap();
        assert_eq!(id == sent, taken, "{answer}");
        assert!(id.len() >= 8);
    }
}

#[tokio::test]
async fn r_070_cross_origin_answers_name_trusted_origins_only() {
    let served = start(&[]);
    let ask = |method: &str, path: &str, headers: &str| {
        format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n")
    };
    let (trusted, foreign) = ("origin: https://app.example.com\r\n", "origin: https://evil.example.com\r\n");
    let wants = "access-control-request-method: POST\r\naccess-control-request-headers: content-type\r\n";
    let cases = [
        ("OPTIONS", format!("{trusted}{wants}"), "204", true),
        ("OPTIONS", format!("{foreign}{wants}"), "204", false),
        ("OPTIONS", format!("origin: null\r\n{wants}"), "204", false),
        ("OPTIONS", wants.to_owned(), "404", false),
        ("OPTIONS", trusted.to_owned(), "404", true),
        ("OPTIONS", String::new(), "404", false),
        ("GET", trusted.to_owned(), "200", true),
        ("GET", foreign.to_owned(), "200", false),
        ("GET", String::new(), "200", false),
    ];
    for (method, headers, status, allowed) in cases {
        let answer = served.exchange(&ask(method, "/fast", &headers)).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{method} {headers}: {answer}");
        let named = answer.contains("access-control-allow-origin: https://app.example.com\r\n");
        let credentials = answer.contains("access-control-allow-credentials: true\r\n");
        assert_eq!((named, credentials), (allowed, allowed), "{method} {headers}: {answer}");
        assert_eq!(answer.contains("access-control-allow-origin: "), allowed, "{method} {headers}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("vary: origin\r\n"), "{method} {headers}: {answer}");
        assert!(!answer.contains('*'), "{answer}");
    }
    // Refusals have the headers too. Without them a page could not read why it was refused.
    let stuck = served.exchange(&ask("GET", "/stuck", trusted)).await;
    assert!(stuck.starts_with("HTTP/1.1 503 "), "{stuck}");
    assert!(stuck.contains("access-control-allow-origin: https://app.example.com\r\n"), "{stuck}");
}
