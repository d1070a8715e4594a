//! Liveness and readiness, each cause on its own.

use std::time::{Duration, Instant};

use auth_store::testing::{OwnCluster, TestDatabase};
use futures_util::future::{join, join_all};
use serde_json::Value;
use test_support::{Process, SECRET};

use crate::SERVER;

const IN_TIME: Duration = Duration::from_secs(5);

async fn reason(server: &Process) -> Value {
    let answer = server.get("/readyz").await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json::<Value>().await.unwrap()["reason"].clone()
}

#[tokio::test]
async fn r_092_a_server_with_its_database_is_alive_and_ready() {
    let (_database, server) = SERVER.on_own_database(&[]).await;
    for (path, state) in [("/healthz", "alive"), ("/readyz", "ready")] {
        let answer = server.get(path).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], state);
        let head = server.client.head(server.url(path)).send().await.unwrap();
        assert_eq!(head.status(), 200);
        let post = server.client.post(server.url(path)).send().await.unwrap();
        assert_eq!(post.status(), 404);
    }
}

#[tokio::test]
async fn r_092_readiness_follows_the_database_and_liveness_does_not() {
    let cluster = OwnCluster::start();
    let url = cluster.migrated("auth").await;
    let server = SERVER.start(url.expose(), &[]).await;
    server.becomes("/readyz", 200, IN_TIME).await;
    cluster.kill().unwrap();
    server.becomes("/readyz", 503, IN_TIME).await;
    assert_eq!(reason(&server).await, "database");
    assert_eq!(server.get("/healthz").await.status(), 200);
    cluster.restart().unwrap();
    server.becomes("/readyz", 200, IN_TIME).await;
}

#[tokio::test]
async fn r_092_a_server_starts_without_its_database_and_says_so() {
    let began = Instant::now();
    let server = SERVER.start("postgres://nobody@127.0.0.1:1/none", &[]).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(reason(&server).await, "database");
    assert_eq!(server.get("/healthz").await.status(), 200);
    assert!(server.output().contains("the database is away"), "{}", server.output());
}

#[tokio::test]
async fn r_092_pending_migrations_are_not_ready_until_they_ran() {
    let database = TestDatabase::create_empty().await;
    let server = SERVER.start(database.url(), &[]).await;
    assert_eq!(reason(&server).await, "migrations");
    assert_eq!(server.get("/healthz").await.status(), 200);
    let variables = [
        ("DATABASE_URL", database.url()),
        ("BETTER_AUTH_SECRET", SECRET),
        ("BETTER_AUTH_URL", "http://localhost:3000"),
    ];
    assert!(SERVER.command(&["migrate", "up"], &variables).output().unwrap().status.success());
    server.becomes("/readyz", 200, IN_TIME).await;
}

/// Whether the log has a text, which it holds as JSON.
async fn said(server: &Process, text: &str) -> bool {
    server.printed().await.replace("\\\"", "\"").contains(text)
}

/// What stops Better Auth's own schema check stops readiness (core §12.5), and what the client would be blamed for.
#[tokio::test]
async fn r_092_tables_that_do_not_fit_are_not_ready_until_they_do() {
    // Side by side, since each waits until the server looks at the tables again.
    let spoilt = [
        (
            "ALTER TABLE \"user\" ADD tenant text NOT NULL",
            "\"user\".\"tenant\" is required",
            "ALTER TABLE \"user\" DROP tenant",
        ),
        (
            "ALTER TABLE session DROP \"userAgent\"",
            "\"session\".\"userAgent\" is missing",
            "ALTER TABLE session ADD \"userAgent\" text",
        ),
        (
            "ALTER TABLE verification RENAME TO other",
            "\"verification\" is missing",
            "ALTER TABLE other RENAME TO verification",
        ),
        (
            "ALTER TABLE \"user\" DROP CONSTRAINT user_email_key",
            "\"user\".\"email\" is not unique",
            "ALTER TABLE \"user\" ADD UNIQUE (email)",
        ),
    ]
    .map(async |(spoil, place, mend)| {
        let (database, server) = SERVER.on_own_database(&[]).await;
        server.becomes("/readyz", 200, IN_TIME).await;
        assert!(!said(&server, place).await, "{place}");
        database.execute(spoil).await;
        server.becomes("/readyz", 503, IN_TIME).await;
        assert_eq!(reason(&server).await, "schema");
        assert_eq!(server.get("/healthz").await.status(), 200);
        assert!(said(&server, place).await, "{place}: {}", server.output());
        database.execute(mend).await;
        server.becomes("/readyz", 200, IN_TIME).await;
    });
    let slower = async {
        let (database, server) = SERVER.on_own_database(&[]).await;
        server.becomes("/readyz", 200, IN_TIME).await;
        // A slower or looser table is a matter for `check`, not for traffic.
        database.execute("DROP INDEX \"session_expiresAt_idx\"").await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(server.get("/readyz").await.status(), 200);
        database
    };
    let (database, _) = join(slower, join_all(spoilt)).await;

    database.execute("ALTER TABLE \"user\" ADD tenant text NOT NULL").await;
    let late = SERVER.start(database.url(), &[]).await;
    assert!(said(&late, "\"user\".\"tenant\" is required").await, "at start: {}", late.output());
    assert_eq!(reason(&late).await, "schema");
    assert_eq!(late.get("/healthz").await.status(), 200);
}

#[tokio::test]
async fn r_092_a_draining_server_is_not_ready_and_still_answers() {
    let (_database, mut server) = SERVER.on_own_database(&[("AUTH__SERVER__DRAIN_DELAY", "3s")]).await;
    server.signal("TERM");
    server.becomes("/readyz", 503, Duration::from_secs(2)).await;
    assert_eq!(reason(&server).await, "draining");
    assert_eq!(server.get("/healthz").await.status(), 200);
    assert!(server.ended(Duration::from_secs(15)).await.success());
}
