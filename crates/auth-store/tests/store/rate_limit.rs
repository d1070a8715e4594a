//! Requests counted in the database.

use std::sync::Arc;
use std::time::Duration;

use auth_core::RateLimitId;
use auth_store::testing::TestDatabase;
use auth_store::{RateLimitHit, RateLimitVerdict, Store};
use time::OffsetDateTime;
use tokio::sync::Barrier;

use crate::made::STORED_NOW;

const KEY: &str = "203.0.113.9|/sign-in/email";
const ROWS: &str = "SELECT string_agg(concat_ws(' ', key, count, \"lastRequest\"), ', ') FROM \"rateLimit\"";

async fn count(store: &Store, key: &str, max: u32, now: OffsetDateTime) -> RateLimitVerdict {
    let id = RateLimitId::generate(&mut rand::rng());
    let hit = RateLimitHit { key, window: Duration::from_secs(10), max, now, id: &id };
    store.rate_limits().count(&hit).await.unwrap()
}

fn at(milliseconds: i64) -> OffsetDateTime {
    STORED_NOW + time::Duration::milliseconds(milliseconds)
}

#[tokio::test]
async fn r_079_counts_are_the_references_row_by_row() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let start = STORED_NOW.unix_timestamp() * 1_000 + 123;
    let refused = |wait| RateLimitVerdict::Refused { wait: Duration::from_millis(wait) };
    let cases = [
        (0, RateLimitVerdict::Passed, 1, 0),
        (4_000, RateLimitVerdict::Passed, 2, 4_000),
        (8_000, RateLimitVerdict::Passed, 3, 8_000),
        (9_000, refused(9_000), 3, 8_000),
        (17_999, refused(1), 3, 8_000),
        (18_000, RateLimitVerdict::Passed, 1, 18_000),
        (27_999, RateLimitVerdict::Passed, 2, 27_999),
    ];
    for (time, verdict, rows, last) in cases {
        assert_eq!(count(&store, KEY, 3, at(time)).await, verdict, "at {time}");
        let row = format!("{KEY} {rows} {}", start + last);
        assert_eq!(database.query_one_text(ROWS).await.unwrap(), row, "at {time}");
    }
    let id = "SELECT id ~ '^[A-Za-z0-9]{32}$' FROM \"rateLimit\"";
    assert_eq!(database.query_one_text(id).await.as_deref(), Some("t"));
}

#[tokio::test]
async fn r_108_a_wrong_clock_neither_shortens_a_window_nor_makes_anybody_wait_longer() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let start = STORED_NOW.unix_timestamp() * 1_000 + 123;
    let refused = |wait| RateLimitVerdict::Refused { wait: Duration::from_millis(wait) };
    let day = 86_400_000;
    let cases = [
        // A server whose clock is behind.
        (8_000, RateLimitVerdict::Passed, 1, 8_000),
        (4_000, RateLimitVerdict::Passed, 2, 8_000),
        (15_000, RateLimitVerdict::Passed, 3, 15_000),
        (12_000, refused(10_000), 3, 15_000),
        (25_000, RateLimitVerdict::Passed, 1, 25_000),
        // One whose clock is a day ahead, until it is set right.
        (day, RateLimitVerdict::Passed, 1, day),
        (30_000, RateLimitVerdict::Passed, 2, 30_000),
        (day, RateLimitVerdict::Passed, 1, day),
        (day, RateLimitVerdict::Passed, 2, day),
        (day, RateLimitVerdict::Passed, 3, day),
        (31_000, refused(10_000), 3, 31_000),
        (32_000, refused(9_000), 3, 31_000),
        (41_000, RateLimitVerdict::Passed, 1, 41_000),
    ];
    for (time, verdict, rows, last) in cases {
        assert_eq!(count(&store, KEY, 3, at(time)).await, verdict, "at {time}");
        let row = format!("{KEY} {rows} {}", start + last);
        assert_eq!(database.query_one_text(ROWS).await.unwrap(), row, "at {time}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_082_of_parallel_requests_exactly_the_allowed_number_passes() {
    let database = TestDatabase::create().await;
    // Two pools, as two servers have.
    let stores = [database.store(), database.store()];
    // The first request of a key makes its row, the first after a window starts its count over.
    for (round, offset) in [("new", 0), ("old", 20_000)] {
        for number in 0..5 {
            let key = format!("client {number}");
            let barrier = Arc::new(Barrier::new(40));
            let tries: Vec<_> = (0..40)
                .map(|number| {
                    let (barrier, store) = (Arc::clone(&barrier), stores[number % 2].clone());
                    let key = key.clone();
                    tokio::spawn(async move {
                        barrier.wait().await;
                        count(&store, &key, 7, at(offset)).await
                    })
                })
                .collect();
            let verdicts = futures_util::future::join_all(tries).await;
            let passed = verdicts.into_iter().filter(|verdict| match verdict.as_ref().unwrap() {
                RateLimitVerdict::Passed => true,
                RateLimitVerdict::Refused { wait } => {
                    assert_eq!(*wait, Duration::from_secs(10));
                    false
                }
            });
            assert_eq!(passed.count(), 7, "{round} {key}");
        }
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM \"rateLimit\"").await.as_deref(), Some("5"));
}

#[tokio::test]
async fn r_104_counting_takes_any_key() {
    let database = TestDatabase::create().await;
    let store = database.store();
    for key in ["a'; DROP TABLE \"rateLimit\"; --", "\u{1F512} %s $1", ""] {
        for _ in 0..4 {
            count(&store, key, 2, at(0)).await;
        }
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM \"rateLimit\"").await.as_deref(), Some("3"));
    let id = RateLimitId::generate(&mut rand::rng());
    let hit = RateLimitHit { key: "a\0b", window: Duration::from_secs(1), max: 1, now: at(0), id: &id };
    store.rate_limits().count(&hit).await.unwrap_err();
}
