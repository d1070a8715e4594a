//! Expired rows, removed by a server in the background and by command.

use std::time::{Duration, Instant};

use auth_store::testing::TestDatabase;
use test_support::SECRET;

use crate::SERVER;

/// Has requests counted in the database; elsewhere the table is left alone.
const COUNTED_THERE: [(&str, &str); 2] =
    [("AUTH__RATE_LIMIT__ENABLED", "true"), ("AUTH__RATE_LIMIT__STORAGE", "database")];

/// Three expired rows, and three that are not; of the ones expired half a minute ago a slower clock may know nothing.
async fn fill(database: &TestDatabase) {
    database
        .execute(
            "INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u', '', 'ann@example.com', false); \
             INSERT INTO session (id, \"expiresAt\", token, \"updatedAt\", \"userId\") VALUES \
               ('old', now() - interval '2 min', 'a', now(), 'u'), ('new', now() - interval '30 s', 'b', now(), 'u'); \
             INSERT INTO verification (id, identifier, value, \"expiresAt\") VALUES \
               ('old', 'i', 'v', now() - interval '2 min'), ('new', 'i', 'v', now() + interval '1 h'); \
             INSERT INTO \"rateLimit\" (id, key, count, \"lastRequest\") VALUES \
               ('old', 'a', 1, (extract(epoch FROM now()) - 90000) * 1000), \
               ('new', 'b', 3, (extract(epoch FROM now()) - 80000) * 1000)",
        )
        .await;
}

async fn ids(database: &TestDatabase) -> String {
    let all = "SELECT string_agg(t || ' ' || id, ', ' ORDER BY t, id) FROM (SELECT 'session' t, id FROM session \
               UNION ALL SELECT 'verification', id FROM verification UNION ALL SELECT 'limit', id FROM \"rateLimit\") a";
    database.query_one_text(all).await.unwrap_or_default()
}

const LEFT: &str = "limit new, session new, verification new";

#[tokio::test(flavor = "multi_thread")]
async fn r_105_a_server_removes_what_has_run_out_and_stops_in_time() {
    let (database, mut server) = SERVER
        .on_own_database(&[("AUTH__CLEANUP__INTERVAL", "1s"), COUNTED_THERE[0], COUNTED_THERE[1]])
        .await;
    fill(&database).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while ids(&database).await != LEFT {
        assert!(Instant::now() < deadline, "{}", ids(&database).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.prints("removed expired rows").await;
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(15)).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_105_the_command_removes_what_has_run_out_once() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let variables = [
        ("DATABASE_URL", database.url()),
        ("BETTER_AUTH_SECRET", SECRET),
        ("BETTER_AUTH_URL", "http://localhost:3000"),
        COUNTED_THERE[0],
        COUNTED_THERE[1],
    ];
    for expected in ["1", "0"] {
        let output = SERVER.command(&["cleanup"], &variables).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = format!(
            "removed {expected} of session\nremoved {expected} of verification\nremoved {expected} of rateLimit\n"
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), lines);
        assert_eq!(ids(&database).await, LEFT);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_105_counts_that_are_not_ours_are_left_alone() {
    for not_ours in [("AUTH__RATE_LIMIT__STORAGE", "memory"), ("AUTH__RATE_LIMIT__ENABLED", "false")] {
        let database = TestDatabase::create().await;
        fill(&database).await;
        let variables = [
            ("DATABASE_URL", database.url()),
            ("BETTER_AUTH_SECRET", SECRET),
            ("BETTER_AUTH_URL", "http://localhost:3000"),
            COUNTED_THERE[0],
            COUNTED_THERE[1],
            // The later of two of one name holds.
            not_ours,
        ];
        let output = SERVER.command(&["cleanup"], &variables).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(ids(&database).await, "limit new, limit old, session new, verification new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_105_an_outage_is_survived_and_off_is_off() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let before = ids(&database).await;
    database.execute("ALTER TABLE session RENAME TO hidden").await;
    let server = SERVER
        .start(database.url(), &[("AUTH__CLEANUP__INTERVAL", "1s"), COUNTED_THERE[0], COUNTED_THERE[1]])
        .await;
    let off = SERVER.start(database.url(), &[("AUTH__CLEANUP__INTERVAL", "0s")]).await;
    server.prints("could not be removed").await;
    database.execute("ALTER TABLE hidden RENAME TO session").await;
    assert_eq!(ids(&database).await, before);
    let deadline = Instant::now() + Duration::from_secs(20);
    while ids(&database).await != LEFT {
        assert!(Instant::now() < deadline, "{}", ids(&database).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let printed = off.printed().await;
    assert!(!printed.contains("expired rows"), "{printed}");
}
