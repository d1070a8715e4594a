//! PostgreSQL killed, frozen and restarted under a running server, and the server killed under its
//! clients. A binary of its own: it needs clusters of its own and times what they do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

#[path = "../api/app.rs"]
mod app;
mod kill;
mod replica;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use auth_store::testing::{OwnCluster, query_one_text};
use serde_json::{Value, json};

use crate::app::{Answer, PASSWORD, TestApp};

/// Longest time for any answer while the database is away, and for recovery after it is back.
const LIMIT: Duration = Duration::from_secs(5);

/// Method, path, credentials as a header, body.
type Request<'r> = (&'r str, &'r str, Option<(&'r str, &'r str)>, Option<&'r Value>);

/// A signed-in user and every request that needs the database.
struct Caller {
    cookie: String,
    jwt: String,
    raw: String,
}

impl Caller {
    async fn register(app: &TestApp) -> Self {
        let registered = app.register("ann@example.com").await;
        Self {
            cookie: registered.session_cookie(),
            jwt: format!("Bearer {}", registered.access_token()),
            raw: format!("Bearer {}", registered.session_token()),
        }
    }

    /// Asks every route at once, in every form of credentials, and gives the answers with their times.
    async fn ask_all(&self, app: &TestApp) -> Vec<(String, Answer, Duration)> {
        let sign_in = json!({"email": "ann@example.com", "password": PASSWORD});
        let sign_up = json!({"email": "bob@example.com", "password": PASSWORD, "name": "Bob"});
        let change = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD, "token": "x"});
        let with_cookie = ("cookie", self.cookie.as_str());
        let requests: [Request<'_>; 17] = [
            ("POST", "/register", None, Some(&sign_up)),
            ("POST", "/sign-up/email", None, Some(&sign_up)),
            ("POST", "/login", None, Some(&sign_in)),
            ("POST", "/sign-in/email", None, Some(&sign_in)),
            ("GET", "/get-session", Some(with_cookie), None),
            ("GET", "/get-session", Some(("authorization", &self.jwt)), None),
            ("GET", "/get-session", Some(("authorization", &self.raw)), None),
            ("GET", "/user", Some(with_cookie), None),
            ("GET", "/user", Some(("authorization", &self.jwt)), None),
            ("POST", "/logout", Some(with_cookie), None),
            ("POST", "/sign-out", Some(with_cookie), None),
            ("POST", "/change-password", Some(with_cookie), Some(&change)),
            ("GET", "/list-sessions", Some(with_cookie), None),
            ("POST", "/revoke-session", Some(with_cookie), Some(&change)),
            ("POST", "/revoke-sessions", Some(with_cookie), Some(&change)),
            ("POST", "/revoke-other-sessions", Some(with_cookie), Some(&change)),
            ("POST", "/update-session", Some(with_cookie), Some(&change)),
        ];
        let answers = requests.into_iter().map(async |(method, path, header, body)| {
            let mut request = app.request(method, path).header("origin", &app.origin);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let start = Instant::now();
            let answer = app.send(request).await;
            (format!("{method} {path} {}", header.map_or("", |(name, _)| name)), answer, start.elapsed())
        });
        futures_util::future::join_all(answers).await
    }

    async fn assert_unavailable(&self, app: &TestApp) {
        for (request, answer, took) in self.ask_all(app).await {
            assert_eq!((answer.status, answer.code().as_str()), (503, "SERVICE_UNAVAILABLE"), "{request}");
            assert!(answer.set_cookies().is_empty(), "{request} touched cookies");
            assert!(!answer.header("retry-after").is_empty(), "{request}");
            assert!(took <= LIMIT, "{request} took {took:?}");
        }
    }

    async fn assert_recovers(&self, app: &TestApp) {
        let start = Instant::now();
        loop {
            let answer = app.get("/get-session", &[("cookie", &self.cookie)]).await;
            if answer.status == 200 {
                assert_eq!(answer.json()["user"]["email"], "ann@example.com");
                return;
            }
            assert_eq!(answer.status, 503, "{}", answer.body);
            assert!(start.elapsed() <= LIMIT, "not back after {:?}", start.elapsed());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Starts a killed server again; a child that it began as it died holds its memory a little longer.
async fn restart(cluster: &OwnCluster) {
    let start = Instant::now();
    while let Err(error) = cluster.restart() {
        assert!(start.elapsed() <= LIMIT, "the server does not come back: {error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn serve(cluster: &OwnCluster) -> TestApp {
    cluster.migrated("app").await;
    TestApp::on(&cluster.tcp_url("app").unwrap(), &[]).await
}

#[actix_web::test]
async fn r_093_while_the_database_is_frozen_or_dead_every_route_says_so_in_time() {
    let cluster = OwnCluster::start();
    let app = serve(&cluster).await;
    let caller = Caller::register(&app).await;

    cluster.pause().unwrap();
    caller.assert_unavailable(&app).await;
    cluster.resume().unwrap();
    caller.assert_recovers(&app).await;

    cluster.kill().unwrap();
    caller.assert_unavailable(&app).await;
    restart(&cluster).await;
    caller.assert_recovers(&app).await;

    let users = query_one_text(&cluster.client("app").await, "select count(*)::text from \"user\"").await;
    // The frozen server may have finished what it was told before its clients gave up: all of it or nothing.
    let accounts = query_one_text(&cluster.client("app").await, "select count(*)::text from account").await;
    assert_eq!(users, accounts);
    app.stop().await;
}

#[actix_web::test]
async fn r_094_ten_outages_under_requests_are_survived_without_a_restart() {
    let cluster = OwnCluster::start();
    let app = serve(&cluster).await;
    let caller = Arc::new(Caller::register(&app).await);

    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (caller, stop) = (Arc::clone(&caller), Arc::clone(&stop));
            let (url, client) = (app.url("/get-session"), reqwest::Client::new());
            actix_web::rt::spawn(async move {
                let mut seen = [0_u32; 2];
                while !stop.load(Ordering::Relaxed) {
                    let response = client.get(&url).header("cookie", &caller.cookie).send().await.unwrap();
                    let status = response.status().as_u16();
                    let body = response.text().await.unwrap();
                    match status {
                        200 => assert_ne!(body, "null", "an outage is never `not signed in`"),
                        503 => {}
                        other => panic!("{other} {body}"),
                    }
                    seen[usize::from(status == 503)] += 1;
                }
                seen
            })
        })
        .collect();

    for outage in 0..10 {
        cluster.kill().unwrap();
        // The first one lasts longer than a request waits; short ones are waited through and not seen.
        tokio::time::sleep(if outage == 0 { LIMIT } else { Duration::from_millis(200) }).await;
        restart(&cluster).await;
        caller.assert_recovers(&app).await;
    }
    stop.store(true, Ordering::Relaxed);
    let seen = futures_util::future::join_all(readers).await;
    let refused: u32 = seen.iter().map(|seen| seen.as_ref().unwrap()[1]).sum();
    assert!(refused > 0, "the long outage was felt: {seen:?}");

    let open = "select count(*)::text from pg_stat_activity where application_name = 'auth-store'";
    let open: u32 = query_one_text(&cluster.client("app").await, open).await.unwrap().parse().unwrap();
    assert!(open <= 10, "{open} connections");
    app.stop().await;
}
