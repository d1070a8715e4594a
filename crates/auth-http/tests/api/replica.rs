//! A server that reads from a replica, which is late.

use std::time::Duration;

use auth_store::testing::{OwnCluster, query_one_text};
use serde_json::{Value, json};
use test_support::{CredentialHeader, TestApp, email_and_password};

/// What a cookie of no session is answered.
const NOBODY: (u16, Value) = (200, Value::Null);

/// A server on each: signs in at the one, and reads at the other.
struct Pair {
    signs_in: TestApp,
    reads: TestApp,
    primary: OwnCluster,
    standby: OwnCluster,
}

impl Pair {
    async fn start(variables: &[(&str, &str)]) -> Self {
        let primary = OwnCluster::start_primary();
        primary.migrated("app").await;
        let standby = primary.standby();
        let mut settings = vec![("AUTH__SESSION__DEFER_REFRESH", "true")];
        settings.extend_from_slice(variables);
        let signs_in = TestApp::on(&primary.tcp_url("app").unwrap(), &settings).await;
        let reads = TestApp::on(&standby.tcp_url("app").unwrap(), &settings).await;
        Self { signs_in, reads, primary, standby }
    }

    /// Stops and resumes the replay of what happened at the primary.
    async fn set_late(&self, late: bool) {
        let call = if late { "pg_wal_replay_pause()" } else { "pg_wal_replay_resume()" };
        let client = self.standby.client("app").await;
        query_one_text(&client, &format!("select {call}::text")).await;
        if late {
            wait(&client, "select pg_get_wal_replay_pause_state()", "paused").await;
        }
    }

    /// Waits until the replica has everything.
    async fn catch_up(&self) {
        let end =
            query_one_text(&self.primary.client("app").await, "select pg_current_wal_lsn()::text").await;
        let passed = format!("select (pg_last_wal_replay_lsn() >= '{}')::text", end.unwrap());
        wait(&self.standby.client("app").await, &passed, "true").await;
    }
}

async fn wait(client: &tokio_postgres::Client, sql: &str, expected: &str) {
    let given_up_at = std::time::Instant::now() + Duration::from_secs(20);
    while query_one_text(client, sql).await.as_deref() != Some(expected) {
        assert!(std::time::Instant::now() < given_up_at, "still not {expected}: {sql}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn session(app: &TestApp, method: &str, cookie: &CredentialHeader) -> (u16, Value) {
    let answer = app.send(app.request_as(cookie, method, "/get-session")).await;
    (answer.status, answer.json())
}

/// What a late replica still shows has ended: it goes with the delay, is not renewed meanwhile, and never comes back.
#[actix_web::test]
async fn r_028_a_session_that_ended_does_not_come_back_through_a_late_replica() {
    let pair = Pair::start(&[("AUTH__SESSION__UPDATE_AGE", "0s")]).await;
    let cookie = pair.signs_in.register("ann@example.com").await.cookie();
    pair.catch_up().await;
    let (status, seen) = session(&pair.reads, "GET", &cookie).await;
    assert_eq!(
        (status, &seen["user"]["email"], &seen["needsRefresh"]),
        (200, &json!("ann@example.com"), &json!(true))
    );

    pair.set_late(true).await;
    let out = pair.signs_in.request_as(&cookie, "POST", "/sign-out");
    assert_eq!(pair.signs_in.send(out).await.status, 200);
    let (status, seen) = session(&pair.reads, "GET", &cookie).await;
    assert_eq!(
        (status, &seen["user"]["email"]),
        (200, &json!("ann@example.com")),
        "the replica does not know yet"
    );
    // It says that the session is due. Renewing it is for the primary, where it is gone.
    assert_eq!(session(&pair.signs_in, "POST", &cookie).await, NOBODY);

    pair.set_late(false).await;
    pair.catch_up().await;
    for app in [&pair.reads, &pair.signs_in, &pair.reads] {
        assert_eq!(session(app, "GET", &cookie).await, NOBODY);
    }
}

/// The clock ends a session, whatever a replica holds of it.
#[actix_web::test]
async fn r_028_a_session_that_ran_out_is_over_at_a_late_replica_at_once() {
    let pair = Pair::start(&[]).await;
    let cookie = pair.signs_in.register("ann@example.com").await.cookie();
    pair.catch_up().await;
    pair.set_late(true).await;
    pair.reads.clock.advance(time::Duration::days(8));
    assert_eq!(session(&pair.reads, "GET", &cookie).await, NOBODY);
    pair.set_late(false).await;
}

/// What has to be written is an outage there, and nobody is signed out for it.
#[actix_web::test]
async fn a_server_on_a_replica_reads_and_says_that_it_cannot_write() {
    let pair = Pair::start(&[]).await;
    let cookie = pair.signs_in.register("ann@example.com").await.cookie();
    pair.catch_up().await;
    let asked = [("/sign-in/email", email_and_password("ann@example.com")), ("/sign-out", json!({}))];
    for (path, body) in asked {
        let answer = pair.reads.post_as(&cookie, path, &body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "SERVICE_UNAVAILABLE"),
            "{path}: {}",
            answer.body
        );
        assert!(answer.set_cookies().is_empty(), "{path}");
    }
    assert_eq!(session(&pair.reads, "GET", &cookie).await.0, 200);
}
