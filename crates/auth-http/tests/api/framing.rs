//! Requests whose length two readers could take differently: refused, and the connection closed, so that what follows
//! is never read as a request of its own (R-78).

use std::time::{Duration, Instant};

use test_support::TestApp;

/// What an attacker hopes to have read as a second request.
const SMUGGLED: &str = "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\n\r\n";

const POST: &str = "POST /api/auth/sign-out HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

/// Header lines after which nobody can say where the body ends.
const DOUBTFUL_LENGTHS: [&str; 42] = [
    "content-length: 2\r\ntransfer-encoding: chunked\r\n",
    "transfer-encoding: chunked\r\ncontent-length: 2\r\n",
    "content-length: 0\r\ntransfer-encoding: chunked\r\n",
    "Content-Length: 2\r\nTRANSFER-ENCODING: Chunked\r\n",
    "content-length: 2\r\ntransfer-encoding: identity\r\n",
    "content-length: 2\r\ncontent-length: 3\r\n",
    "content-length: 2\r\ncontent-length: 2\r\n",
    "content-length: 0\r\ncontent-length: 2\r\n",
    "content-length: 2, 2\r\n",
    "content-length: 2, 3\r\n",
    "content-length: 2,\r\n",
    "content-length: +2\r\n",
    "content-length: -2\r\n",
    "content-length: 0x2\r\n",
    "content-length: 2.0\r\n",
    "content-length: 2e0\r\n",
    "content-length: 1_0\r\n",
    "content-length: \r\n",
    "content-length: two\r\n",
    "content-length: 2 2\r\n",
    "content-length: \"2\"\r\n",
    "content-length: 99999999999999999999999\r\n",
    "content-length : 2\r\n",
    "content-length\t: 2\r\n",
    " content-length: 2\r\n",
    "content-length: 2\r\n 3\r\n",
    "content-length:\r\n 2\r\n",
    "x-folded: a\r\n b\r\ncontent-length: 2\r\n",
    "x-folded: a\r\n\tcontent-length: 2\r\n",
    "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
    "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
    "transfer-encoding: identity\r\n",
    "transfer-encoding: gzip\r\n",
    "transfer-encoding: gzip, chunked\r\n",
    "transfer-encoding: chunked, identity\r\n",
    "transfer-encoding: xchunked\r\n",
    "transfer-encoding: chunkedx\r\n",
    "transfer-encoding: \"chunked\"\r\n",
    "transfer-encoding: \u{b}chunked\r\n",
    "transfer-encoding : chunked\r\n",
    "transfer-encoding:\r\n chunked\r\n",
    "content-length: 2\0\r\n",
];

/// Chunked bodies that are not as they must be.
const DOUBTFUL_CHUNKS: [&str; 15] = [
    "0x2\r\n{}\r\n0\r\n\r\n",
    "+2\r\n{}\r\n0\r\n\r\n",
    "-2\r\n{}\r\n0\r\n\r\n",
    "2_\r\n{}\r\n0\r\n\r\n",
    "\r\n{}\r\n0\r\n\r\n",
    " \r\n{}\r\n0\r\n\r\n",
    "g\r\n{}\r\n0\r\n\r\n",
    "2\n{}\r\n0\r\n\r\n",
    "2\r{}\r\n0\r\n\r\n",
    "2\r\n{}0\r\n\r\n",
    "2\r\n{}xx0\r\n\r\n",
    "2\r\n{}\n0\r\n\r\n",
    "1\r\n{}\r\n0\r\n\r\n",
    "10000000000000002\r\n{}\r\n0\r\n\r\n",
    "2 2\r\n{}\r\n0\r\n\r\n",
];

/// Sends bytes and what should never be read, and checks that there is one answer, 400, and then nothing more.
async fn is_refused_and_closed(app: &TestApp, request: &str) {
    let began = Instant::now();
    let answer = app.raw(format!("{request}{SMUGGLED}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?}: {answer}");
    assert!(!answer.contains("\"ok\""), "{request:?}: {answer}");
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{request:?} kept the connection for {:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn r_078_a_length_in_doubt_is_refused_and_the_connection_closed() {
    let app = TestApp::start().await;
    for lines in DOUBTFUL_LENGTHS {
        for body in ["{}", "2\r\n{}\r\n0\r\n\r\n"] {
            is_refused_and_closed(&app, &format!("{POST}{lines}\r\n{body}")).await;
        }
    }
}

#[actix_web::test]
async fn r_078_a_malformed_chunk_is_refused_and_the_connection_closed() {
    let app = TestApp::start().await;
    for body in DOUBTFUL_CHUNKS {
        is_refused_and_closed(&app, &format!("{POST}transfer-encoding: chunked\r\n\r\n{body}")).await;
    }
}

#[actix_web::test]
async fn r_078_heads_that_others_read_differently_are_refused() {
    let app = TestApp::start().await;
    for head in [
        "POST /api/auth/sign-out HTTP/1.0\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\nna me: y\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n",
        "GET /api/auth/ok\r\n\r\n",
        "GET  /api/auth/ok HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /api/auth/ok HTTP/1.1 \r\nhost: x\r\n\r\n",
        "GET /api/auth/ok HTTP/1.2\r\nhost: x\r\n\r\n",
        "GET /api/auth/ok HTTP/2.0\r\nhost: x\r\n\r\n",
        "GET /api/auth/o k HTTP/1.1\r\nhost: x\r\n\r\n",
        "G(ET /api/auth/ok HTTP/1.1\r\nhost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        is_refused_and_closed(&app, head).await;
    }
}

/// What the standard allows must work, or the refusals above say nothing.
#[actix_web::test]
async fn r_078_well_framed_requests_are_answered_one_by_one() {
    let app = TestApp::start().await;
    for framed in [
        "content-length: 2\r\n\r\n{}",
        "content-length:   2  \r\n\r\n{}",
        "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: CHUNKED\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\n02;name=value\r\n{}\r\n0\r\n\r\n",
    ] {
        let close = SMUGGLED.replace("host: x", "host: x\r\nconnection: close");
        let answer = app.raw(format!("{POST}{framed}{close}").as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 200 ").count(), 2, "{framed:?}: {answer}");
        assert!(answer.contains(r#"{"success":true}"#) && answer.ends_with(r#"{"ok":true}"#), "{answer}");
    }
}
