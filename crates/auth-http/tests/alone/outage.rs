//! PostgreSQL killed, frozen and restarted under a running server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use auth_store::testing::{OwnCluster, query_one_text};
use serde_json::{Value, json};
use test_support::{Answer, CredentialHeader, PASSWORD, TestApp, email_and_password};
use tokio::sync::Notify;

use crate::alone;

/// Longest time for any answer while the database is away, and for recovery after it is back.
const LIMIT: Duration = Duration::from_secs(5);

/// Method, path, credential, body.
type Request<'r> = (&'r str, &'r str, Option<&'r CredentialHeader>, Option<&'r Value>);

/// A signed-in user and every request that needs the database.
struct Caller {
    cookie: CredentialHeader,
    access: CredentialHeader,
    session: CredentialHeader,
}

impl Caller {
    async fn register(app: &TestApp) -> Self {
        let registered = app.register("ann@example.com").await;
        Self {
            cookie: registered.cookie(),
            access: registered.access_bearer(),
            session: registered.session_bearer(),
        }
    }

    /// Asks every route at once, in every form of credentials, and gives the answers with their times.
    async fn ask_all(&self, app: &TestApp) -> Vec<(String, Answer, Duration)> {
        let sign_in = email_and_password("ann@example.com");
        let sign_up = json!({"email": "bob@example.com", "password": PASSWORD, "name": "Bob"});
        let change = json!({"currentPassword": PASSWORD, "newPassword": PASSWORD, "token": "x"});
        let cookie = Some(&self.cookie);
        let requests: [Request<'_>; 17] = [
            ("POST", "/register", None, Some(&sign_up)),
            ("POST", "/sign-up/email", None, Some(&sign_up)),
            ("POST", "/login", None, Some(&sign_in)),
            ("POST", "/sign-in/email", None, Some(&sign_in)),
            ("GET", "/get-session", cookie, None),
            ("GET", "/get-session", Some(&self.access), None),
            ("GET", "/get-session", Some(&self.session), None),
            ("GET", "/user", cookie, None),
            ("GET", "/user", Some(&self.access), None),
            ("POST", "/logout", cookie, None),
            ("POST", "/sign-out", cookie, None),
            ("POST", "/change-password", cookie, Some(&change)),
            ("GET", "/list-sessions", cookie, None),
            ("POST", "/revoke-session", cookie, Some(&change)),
            ("POST", "/revoke-sessions", cookie, Some(&change)),
            ("POST", "/revoke-other-sessions", cookie, Some(&change)),
            ("POST", "/update-session", cookie, Some(&change)),
        ];
        let answers = requests.into_iter().map(async |(method, path, credential, body)| {
            let mut request = match credential {
                Some(credential) => app.request_as(credential, method, path),
                None => app.request(method, path).header("origin", &app.origin),
            };
            if let Some(body) = body {
                request = request.json(body);
            }
            let start = Instant::now();
            let answer = app.send(request).await;
            (
                format!("{method} {path} {}", credential.map_or("", CredentialHeader::name)),
                answer,
                start.elapsed(),
            )
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
            let answer = app.get_as(&self.cookie, "/get-session").await;
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

/// A server on a cluster of its own, and its signed-in user.
struct Served {
    app: TestApp,
    caller: Caller,
    cluster: OwnCluster,
}

impl Served {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let cluster = OwnCluster::start();
        cluster.migrated("app").await;
        let app = TestApp::on(&cluster.tcp_url("app").unwrap(), variables).await;
        let caller = Caller::register(&app).await;
        Self { app, caller, cluster }
    }

    async fn query(&self, sql: &str) -> u32 {
        query_one_text(&self.cluster.client("app").await, sql).await.unwrap().parse().unwrap()
    }

    /// A frozen database may have finished what it was told before its clients gave up: all of it or nothing.
    async fn assert_whole(&self) {
        let users = self.query("select count(*)::text from \"user\"").await;
        assert_eq!(users, self.query("select count(*)::text from account").await);
    }
}

#[actix_web::test]
async fn r_093_while_the_database_is_frozen_or_dead_every_route_says_so_in_time() {
    let _alone = alone().await;
    // Two servers at once: each of them waits for seconds and does nothing meanwhile.
    let (frozen, dead) = (Served::start(&[]).await, Served::start(&[]).await);
    frozen.cluster.pause().unwrap();
    dead.cluster.kill().unwrap();
    tokio::join!(frozen.caller.assert_unavailable(&frozen.app), dead.caller.assert_unavailable(&dead.app));

    frozen.cluster.resume().unwrap();
    frozen.caller.assert_recovers(&frozen.app).await;
    frozen.assert_whole().await;

    restart(&dead.cluster).await;
    dead.caller.assert_recovers(&dead.app).await;
    dead.assert_whole().await;
}

/// Shorter than shipped, so that an outage is felt after less than a second.
const IMPATIENT: [(&str, &str); 3] = [
    ("AUTH__DATABASE__ACQUIRE_TIMEOUT", "500ms"),
    ("AUTH__DATABASE__CONNECT_TIMEOUT", "500ms"),
    ("AUTH__DATABASE__OPERATION_TIMEOUT", "700ms"),
];

#[actix_web::test]
async fn r_094_ten_outages_under_requests_are_survived_without_a_restart() {
    let _alone = alone().await;
    let served = Served::start(&IMPATIENT).await;
    let Served { app, caller, cluster } = &served;
    let cookie = caller.cookie.value().to_owned();

    let (stop, felt) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (cookie, stop, felt) = (cookie.clone(), Arc::clone(&stop), Arc::clone(&felt));
            let (url, client) = (app.url("/get-session"), reqwest::Client::new());
            actix_web::rt::spawn(async move {
                let mut seen = [0_u32; 2];
                while !stop.load(Ordering::Relaxed) {
                    let response = client.get(&url).header("cookie", &cookie).send().await.unwrap();
                    let status = response.status().as_u16();
                    let body = response.text().await.unwrap();
                    match status {
                        200 => assert_ne!(body, "null", "an outage is never `not signed in`"),
                        503 => felt.notify_one(),
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
        // The first one lasts longer than a request waits; short ones may be waited through and not be seen.
        if outage == 0 {
            let refused = tokio::time::timeout(2 * LIMIT, felt.notified()).await;
            refused.expect("a request waits no longer than this");
        } else {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        restart(cluster).await;
        caller.assert_recovers(app).await;
    }
    stop.store(true, Ordering::Relaxed);
    let seen = futures_util::future::join_all(readers).await;
    let refused: u32 = seen.iter().map(|seen| seen.as_ref().unwrap()[1]).sum();
    assert!(refused > 0, "the long outage was felt: {seen:?}");

    let open = "select count(*)::text from pg_stat_activity where application_name = 'auth-store'";
    let open = served.query(open).await;
    assert!(open <= 10, "{open} connections");
}
