//! How often a client may ask (R-79 to R-82, R-85, R-87, R-88).

use std::collections::BTreeMap;

use auth_store::testing::TestDatabase;
use futures_util::future::join_all;
use serde_json::json;
use test_support::{Answer, TestApp, email_and_password, routes};
use time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::statements::counting::CountingProxy;

const ON: (&str, &str) = ("AUTH__RATE_LIMIT__ENABLED", "true");
/// A database that is away is given up soon.
const IMPATIENT: (&str, &str) = ("AUTH__DATABASE__ACQUIRE_TIMEOUT", "100ms");
const PROXIED: (&str, &str) = ("AUTH__PROXIES__TRUSTED", "127.0.0.1");

/// Sends a request as the client with an address, through the trusted proxy.
async fn ask(app: &TestApp, client: &str, method: &str, path: &str) -> Answer {
    let request = app.request(method, path).header("x-forwarded-for", client);
    app.send(if method == "POST" { request.json(&json!({})) } else { request }).await
}

async fn statuses(app: &TestApp, client: &str, method: &str, path: &str, times: usize) -> Vec<u16> {
    let mut all = Vec::new();
    for _ in 0..times {
        all.push(ask(app, client, method, path).await.status);
    }
    all
}

#[actix_web::test]
async fn r_079_the_refusal_is_the_references() {
    let app = TestApp::with(&[ON]).await;
    let wrong = json!({"email": "nobody@example.com", "password": "wrong horse"});
    for _ in 0..3 {
        assert_eq!(app.post("/sign-in/email", &wrong).await.status, 401);
    }
    let request = app.request("POST", "/sign-in/email").header("origin", &app.origin).json(&wrong);
    let refused = app.send(request).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.body, r#"{"message":"Too many requests. Please try again later."}"#);
    assert_eq!(refused.header("content-type"), "application/json");
    assert_eq!(refused.header("x-retry-after"), "10");
    assert_eq!(refused.header("retry-after"), "");
    assert_eq!(refused.header("access-control-allow-origin"), app.origin, "scripts can read it");

    app.clock.advance(Duration::milliseconds(5_500));
    let refused = app.post("/sign-in/email", &wrong).await;
    assert_eq!((refused.status, refused.header("x-retry-after")), (429, "5"));
    app.clock.advance(Duration::seconds(5));
    let passed = app.post("/sign-in/email", &wrong).await;
    assert_eq!((passed.status, passed.header("x-retry-after")), (401, ""));
}

#[actix_web::test]
async fn r_079_every_path_and_method_counts_each_path_by_itself() {
    let app = TestApp::with(&[ON, PROXIED]).await;
    assert_eq!(statuses(&app, "1.0.0.1", "GET", "/ok", 101).await[99..], [200, 429]);
    assert_eq!(ask(&app, "1.0.0.1", "HEAD", "/ok").await.status, 429);
    assert_eq!(ask(&app, "1.0.0.1", "GET", "/get-session").await.status, 401);
    assert_eq!(ask(&app, "1.0.0.2", "GET", "/ok").await.status, 200);
    assert_eq!(statuses(&app, "1.0.0.1", "PUT", "/nowhere", 101).await[99..], [404, 429]);
    assert_eq!(
        ask(&app, "1.0.0.1", "GET", "/sign-in/nowhere").await.status,
        429,
        "paths that are no route share a count"
    );
}

#[actix_web::test]
async fn r_079_settings_change_and_lift_limits() {
    let rules = "/ok = off, /get-* = 2 per 1m";
    let app = TestApp::with(&[
        ON,
        PROXIED,
        ("AUTH__RATE_LIMIT__CUSTOM_RULES", rules),
        ("AUTH__RATE_LIMIT__WINDOW", "2s"),
        ("AUTH__RATE_LIMIT__MAX", "1"),
    ])
    .await;
    assert_eq!(statuses(&app, "1.0.0.1", "GET", "/ok", 150).await, [200; 150]);
    assert_eq!(statuses(&app, "1.0.0.1", "GET", "/get-session", 3).await, [401, 401, 429]);
    assert_eq!(ask(&app, "1.0.0.1", "GET", "/get-session").await.header("x-retry-after"), "60");
    assert_eq!(statuses(&app, "1.0.0.1", "GET", "/user", 2).await, [401, 429]);
    app.clock.advance(Duration::seconds(2));
    assert_eq!(ask(&app, "1.0.0.1", "GET", "/user").await.status, 401);
}

#[actix_web::test]
async fn r_079_off_means_off() {
    let app = TestApp::start().await;
    assert_eq!(statuses(&app, "1.0.0.1", "POST", "/sign-in/email", 20).await, [400; 20]);
}

#[actix_web::test]
async fn paths_outside_the_base_path_are_not_counted() {
    let one = [ON, ("AUTH__RATE_LIMIT__MAX", "1"), ("AUTH__RATE_LIMIT__STORAGE", "database")];
    let app = TestApp::with(&one).await;
    for path in ["/healthz", "/", "/elsewhere", "/api", "/api/authentic"] {
        for _ in 0..3 {
            let answer = reqwest::get(format!("http://{}{path}", app.address)).await.unwrap();
            assert_eq!(answer.status(), if path == "/healthz" { 200 } else { 404 }, "{path}");
        }
    }
    assert_eq!(app.count("rateLimit").await, 0);
    let statuses = [app.get("/ok", &[]).await.status, app.get("/ok", &[]).await.status];
    assert_eq!((statuses, app.count("rateLimit").await), ([200, 429], 1), "those below it are");
}

#[actix_web::test]
async fn without_addresses_nothing_is_counted_or_stored() {
    let app = TestApp::with(&[ON, PROXIED, ("AUTH__PROXIES__TRACK_ADDRESSES", "false")]).await;
    assert_eq!(statuses(&app, "1.0.0.1", "POST", "/sign-in/email", 20).await, [400; 20]);
    assert_eq!(app.register("ann@example.com").await.json()["session"]["ipAddress"], "");
}

#[actix_web::test]
async fn r_080_every_spelling_that_reaches_a_handler_shares_its_count() {
    let spellings = |path: &str| {
        let escaped: String = path.bytes().map(|byte| format!("%{byte:02x}")).collect();
        vec![
            path.to_owned(),
            format!("{path}/"),
            format!("{path}//"),
            format!("/{path}"),
            format!("/.{path}"),
            format!("/x/..{path}"),
            format!("{path}?a=b"),
            format!("{path}#fragment"),
            format!("{path};a=b"),
            path.to_ascii_uppercase(),
            format!("/{escaped}"),
            format!("/{}", &escaped[3..]),
            format!("{path}%20"),
            format!("{path}%00"),
            format!("{path}%2f"),
            path.replace('/', "%2f"),
            path.replace('/', "\\"),
        ]
    };
    for skip in ["false", "true"] {
        let app = TestApp::with(&[
            ON,
            PROXIED,
            ("AUTH__RATE_LIMIT__CUSTOM_RULES", "/ok = 3 per 10s"),
            ("AUTH__SERVER__SKIP_TRAILING_SLASHES", skip),
        ])
        .await;
        for (number, (method, path)) in [("GET", "/ok"), ("POST", "/sign-in/email")].into_iter().enumerate() {
            let mut shared = 0;
            for (at, spelling) in spellings(path).into_iter().enumerate() {
                // A client that has used up the plain spelling.
                let client = format!("1.{number}.0.{at}");
                assert_eq!(statuses(&app, &client, method, path, 4).await[3], 429);
                let request = format!(
                    "{method} /api/auth{spelling} HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {client}\r\nconnection: close\r\n\r\n"
                );
                let mut peer = TcpStream::connect(app.address).await.unwrap();
                peer.write_all(request.as_bytes()).await.unwrap();
                let mut answer = String::new();
                peer.read_to_string(&mut answer).await.unwrap();
                let status = answer.split(' ').nth(1).unwrap();
                assert!(["400", "404", "429"].contains(&status), "{spelling}: {answer}");
                assert!(!answer.contains("VALIDATION_ERROR"), "{spelling} reaches the handler: {answer}");
                shared += usize::from(status == "429");
            }
            assert!(shared >= 4, "the plain one, its trailing slashes, its query");
        }
    }
}

#[actix_web::test]
async fn r_081_a_refused_request_is_not_read_and_asks_no_database() {
    // Nobody listens there, so whatever asks the database fails.
    let app = TestApp::on("postgres://nobody@127.0.0.1:1/none", &[ON, IMPATIENT]).await;
    let wrong = json!({"email": "nobody@example.com", "password": "wrong horse"});
    for _ in 0..3 {
        assert_eq!(app.post("/sign-in/email", &wrong).await.status, 503);
    }
    // Bad media type, bad origin, and a body that never comes.
    let head = "POST /api/auth/sign-in/email HTTP/1.1\r\nhost: a\r\ncookie: a=b\r\norigin: https://evil.example\r\n\
         content-type: text/plain\r\ncontent-length: 1000\r\n\r\n";
    let mut peer = TcpStream::connect(app.address).await.unwrap();
    peer.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 429");
}

/// Whatever a blocked client sends, it is told so from the head alone, and PostgreSQL hears nothing of it.
#[actix_web::test]
async fn r_081_a_blocked_client_costs_no_statement_whatever_it_sends() {
    for storage in ["memory", "database"] {
        let database = TestDatabase::create().await;
        let proxy = CountingProxy::start(database.url()).await;
        let app = TestApp::on(
            &proxy.url(),
            &[ON, ("AUTH__RATE_LIMIT__STORAGE", storage), ("AUTH__CLEANUP__INTERVAL", "0s")],
        )
        .await;
        let cookie = app.register("ann@example.com").await.session_cookie();
        let right = email_and_password("ann@example.com");
        proxy.take();
        while app.post("/sign-in/email", &right).await.status == 200 {}
        assert!(!proxy.take().is_empty(), "what passes is counted by the proxy");

        let signed = |request: reqwest::RequestBuilder| {
            request.header("origin", &app.origin).header("cookie", &cookie).json(&right)
        };
        for path in ["/sign-in/email", "/login", "/sign-in/email/"] {
            assert_eq!(app.send(signed(app.request("POST", path))).await.status, 429, "{storage} {path}");
            assert_eq!(app.send(app.request("GET", path)).await.status, 429, "{storage} {path}");
        }
        assert_eq!(proxy.take(), [""; 0], "{storage}");
        let json = "content-type: application/json";
        let (long, whole) = ("content-length: 99999999", "content-length: 12");
        let form = "content-type: application/x-www-form-urlencoded";
        let xml = "content-type: text/xml";
        let evil = "origin: https://evil.example\r\ncookie: better-auth.session_token=x.y";
        for (headers, body) in [
            ([json, long], ""),
            ([json, whole], "{\"email\":\"an\0"),
            ([json, "transfer-encoding: chunked"], "no chunk at all"),
            ([json, "transfer-encoding: chunked"], "fffffff\r\n{{{{{{{{{{"),
            ([form, whole], "%%%&&&===\u{1}\u{2}\u{3}"),
            ([xml, whole], "<a>&lol;</a>"),
            ([evil, whole], "{{{{{{{{{{{{"),
        ] {
            let head = format!(
                "POST /api/auth/sign-in/email HTTP/1.1\r\nhost: a\r\n{}\r\n\r\n",
                headers.join("\r\n")
            );
            let mut peer = TcpStream::connect(app.address).await.unwrap();
            peer.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            peer.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 429", "{storage} {headers:?} {body}");
        }
        assert_eq!(proxy.take(), [""; 0], "{storage}, bodies that are none");
    }
}

#[actix_web::test]
async fn r_082_of_parallel_requests_exactly_the_allowed_number_passes() {
    let app = TestApp::with(&[ON, ("AUTH__SERVER__WORKERS", "4")]).await;
    let answers = join_all((0..200).map(|_| app.get("/ok", &[]))).await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((passed, refused), (100, 100));
}

#[actix_web::test]
async fn r_085_clients_without_an_address_share_one_count() {
    let app = TestApp::with(&[ON, PROXIED]).await;
    for header in ["garbage", "1.2.3.4, garbage", "127.0.0.1"] {
        assert_eq!(ask(&app, header, "POST", "/sign-in/email").await.status, 400);
    }
    assert_eq!(ask(&app, "unknown", "POST", "/sign-in/email").await.status, 429);
    assert_eq!(app.send(app.request("POST", "/sign-in/email")).await.status, 429, "no header at all");
    assert_eq!(ask(&app, "1.2.3.4", "POST", "/sign-in/email").await.status, 400);
}

#[actix_web::test]
async fn r_088_routes_that_test_a_password_share_their_counts() {
    let app = TestApp::with(&[ON, PROXIED]).await;
    for (client, paths) in [
        ("1.0.0.1", ["/sign-in/email", "/login", "/sign-in/email", "/login"]),
        ("1.0.0.2", ["/register", "/sign-up/email", "/register", "/sign-up/email"]),
    ] {
        let mut all = Vec::new();
        for path in paths {
            all.push(ask(&app, client, "POST", path).await.status);
        }
        assert_eq!(all, [400, 400, 400, 429], "{paths:?}");
    }
    // The inventory: what takes three requests only. A new route that tests a secret has to show up here.
    let mut strict = BTreeMap::new();
    for (number, entry) in routes().iter().enumerate() {
        let client = format!("2.0.0.{number}");
        let all = statuses(&app, &client, entry.method, entry.path, 4).await;
        strict.insert(entry.path, all[3] == 429);
    }
    let strict: Vec<&str> = strict.into_iter().filter_map(|(path, strict)| strict.then_some(path)).collect();
    assert_eq!(strict, ["/change-password", "/login", "/register", "/sign-in/email", "/sign-up/email"]);
}

const IN_DATABASE: (&str, &str) = ("AUTH__RATE_LIMIT__STORAGE", "database");

#[actix_web::test]
async fn r_082_servers_that_count_in_the_database_count_together() {
    let app = TestApp::with(&[ON, IN_DATABASE, ("AUTH__SERVER__WORKERS", "2")]).await;
    let other = TestApp::sharing(&app, &[ON, IN_DATABASE]).await;
    let answers =
        join_all((0..200).map(|number| if number % 2 == 0 { &app } else { &other }.get("/ok", &[])));
    let answers = answers.await;
    let passed = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((passed, refused), (100, 100));
    let row = app.sql("select concat_ws(' ', key, count) from \"rateLimit\"").await;
    assert_eq!(row, "127.0.0.1|/ok 100");
}

#[actix_web::test]
async fn r_079_rows_that_node_has_written_count() {
    let app = TestApp::with(&[ON, IN_DATABASE]).await;
    let wrong = json!({"email": "nobody@example.com", "password": "wrong horse"});
    let now = app.clock.now().unix_timestamp() * 1_000;
    app.execute(&format!(
        "insert into \"rateLimit\" values ('by-node', '127.0.0.1|/sign-in/email', 2, {})",
        now - 4_000
    ))
    .await;
    assert_eq!(app.post("/sign-in/email", &wrong).await.status, 401);
    let refused = app.post("/login", &wrong).await;
    assert_eq!((refused.status, refused.header("x-retry-after")), (429, "10"));
    app.clock.advance(Duration::seconds(10));
    assert_eq!(app.post("/login", &wrong).await.status, 401);
    assert_eq!(app.sql("select concat_ws(' ', id, count) from \"rateLimit\"").await, "by-node 1");
}

#[actix_web::test]
async fn r_081_a_refusal_that_is_known_asks_no_database_and_an_outage_lifts_no_limit() {
    let app = TestApp::with(&[ON, PROXIED, IN_DATABASE]).await;
    assert_eq!(statuses(&app, "1.0.0.1", "POST", "/sign-in/email", 4).await, [400, 400, 400, 429]);
    app.execute("drop table \"rateLimit\"").await;
    assert_eq!(ask(&app, "1.0.0.1", "POST", "/sign-in/email").await.status, 429);
    assert_eq!(ask(&app, "1.0.0.2", "POST", "/sign-in/email").await.status, 500);
    app.clock.advance(Duration::seconds(10));
    assert_eq!(ask(&app, "1.0.0.1", "POST", "/sign-in/email").await.status, 500, "it asks again");

    let away = TestApp::on("postgres://nobody@127.0.0.1:1/none", &[ON, IN_DATABASE, IMPATIENT]).await;
    let answer = away.get("/ok", &[]).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"));
}
