//! Removing what has run out.

use std::time::Instant;

use auth_store::testing::{TestDatabase, query_one_text};
use auth_store::{CLEANUP_BATCH, Expiring, Store};

use crate::made::{self, STORED_NOW};

/// Expired rows that are made here: several batches for each of four servers. A million of them are for
/// `cargo xtask bench cleanup`.
const EXPIRED: usize = 6_000;

/// Fills the three tables with rows of which one in ten has not run out; one row ends now to the millisecond.
async fn fill(database: &TestDatabase) {
    database.store().register(&made::registration("ann@example.com")).await.unwrap();
    let all = EXPIRED + EXPIRED / 9;
    let now = "timestamptz '2030-01-15 12:00:00.123Z'";
    let expires = format!("{now} + CASE WHEN n % 10 = 0 THEN n ELSE -n END * interval '1 second'");
    let sql = format!(
        "INSERT INTO session (id, \"expiresAt\", token, \"updatedAt\", \"userId\") \
           SELECT 's' || n, {expires}, 't' || n, now(), u.id FROM generate_series(1, {all}) n, \"user\" u; \
         INSERT INTO verification (id, identifier, value, \"expiresAt\") \
           SELECT 'v' || n, 'i', 'x', {expires} FROM generate_series(1, {all}) n; \
         INSERT INTO \"rateLimit\" (id, key, count, \"lastRequest\") \
           SELECT 'r' || n, 'k' || n, 1, extract(epoch FROM {expires}) * 1000 FROM generate_series(1, {all}) n; \
         ANALYZE; \
         INSERT INTO verification (id, identifier, value, \"expiresAt\") VALUES ('now', 'i', 'x', {now})"
    );
    database.execute(&sql).await;
}

async fn remove_all(store: &Store, table: Expiring) -> usize {
    let mut removed = 0;
    loop {
        let batch = store.remove_expired(table, STORED_NOW).await.unwrap();
        assert!(batch <= CLEANUP_BATCH);
        removed += batch;
        if batch < CLEANUP_BATCH {
            return removed;
        }
    }
}

async fn left(database: &TestDatabase, table: Expiring) -> usize {
    let sql = format!("SELECT count(*) FROM \"{}\"", table.table());
    database.query_one_text(&sql).await.unwrap().parse().unwrap()
}

#[tokio::test]
async fn r_105_expired_rows_go_in_batches_and_others_stay() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let store = database.store();
    for table in Expiring::ALL {
        let before = left(&database, table).await;
        let began = Instant::now();
        assert_eq!(remove_all(&store, table).await, EXPIRED, "{table:?}");
        let rate = EXPIRED as f64 / began.elapsed().as_secs_f64();
        assert!(rate > 2_000.0, "{table:?}: {rate:.0} rows/s");
        assert_eq!(left(&database, table).await, before - EXPIRED, "{table:?}");
        assert_eq!(store.remove_expired(table, STORED_NOW).await.unwrap(), 0);
    }
    // A row that ends at this moment has not ended before it.
    let now = "SELECT count(*) FROM verification WHERE id = 'now'";
    assert_eq!(database.query_one_text(now).await.as_deref(), Some("1"));
    assert_eq!(database.query_one_text("SELECT count(*) FROM \"user\"").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn r_105_rows_in_use_are_passed_over_and_not_waited_for() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let store = database.store();
    for (table, column) in [
        (Expiring::Sessions, "expiresAt"),
        (Expiring::Verifications, "expiresAt"),
        (Expiring::RateLimits, "lastRequest"),
    ] {
        let before = left(&database, table).await;
        let other = database.client().await;
        let hold = format!(
            "BEGIN; SELECT FROM \"{}\" WHERE id IN (SELECT id FROM \"{0}\" ORDER BY \"{column}\" LIMIT 1500) FOR UPDATE",
            table.table()
        );
        other.batch_execute(&hold).await.unwrap();
        assert_eq!(remove_all(&store, table).await, EXPIRED - 1_500, "{table:?}");
        other.batch_execute("COMMIT").await.unwrap();
        assert_eq!(remove_all(&store, table).await, 1_500, "{table:?}");
        assert_eq!(left(&database, table).await, before - EXPIRED, "{table:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_105_several_servers_share_the_work() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let stores = [database.store(), database.store(), database.store(), database.store()];
    let all = stores.map(|store| {
        tokio::spawn(async move {
            // Whoever finds little left may have been passed over: others hold the rest.
            remove_all(&store, Expiring::Sessions).await
        })
    });
    let removed = futures_util::future::join_all(all).await.into_iter().map(Result::unwrap);
    let total: usize = removed.sum();
    assert_eq!(total + remove_all(&database.store(), Expiring::Sessions).await, EXPIRED);
}

/// What the database counted while the rows were removed, so that it is about the statements that ran: each batch was
/// found through the index. Removing them by their ids is left to the planner, which reads a small table whole.
#[tokio::test]
async fn r_105_an_index_leads_to_the_rows() {
    let database = TestDatabase::create().await;
    fill(&database).await;
    let client = database.client().await;
    for (table, index) in [
        (Expiring::Sessions, "session_expiresAt_idx"),
        (Expiring::Verifications, "verification_expiresAt_idx"),
        (Expiring::RateLimits, "rateLimit_lastRequest_idx"),
    ] {
        let store = database.store();
        assert_eq!(remove_all(&store, table).await, EXPIRED);
        // A connection tells its counts at its end at the latest, and all of them together.
        drop(store);
        let removed = format!(
            "SELECT (n_tup_del = {EXPIRED})::text FROM pg_stat_user_tables WHERE relname = '{}'",
            table.table()
        );
        made::wait_for(&client, &removed, "true").await;
        // The last batch found nothing.
        let batches = EXPIRED / CLEANUP_BATCH + 1;
        let scans = format!("SELECT idx_scan::text FROM pg_stat_user_indexes WHERE indexrelname = '{index}'");
        let scans = query_one_text(&client, &scans).await;
        assert_eq!(scans, Some(batches.to_string()), "{index}");
    }
}
