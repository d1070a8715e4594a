//! What happens between two callers, or between one caller's writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use auth_core::Email;
use auth_store::testing::{OwnCluster, TestDatabase, query_one_text};
use auth_store::{PoolSettings, Route, Store, StoreError, constraint};
use tokio::sync::Barrier;

use crate::made;

/// Users without account or session, and the reverse; every sign-up here writes all three.
const HALF_MADE: &str = "SELECT count(*) FROM \"user\" u \
     FULL JOIN account a ON a.\"userId\" = u.id FULL JOIN session s ON s.\"userId\" = u.id \
     WHERE u.id IS NULL OR a.id IS NULL OR s.id IS NULL";

#[tokio::test(flavor = "multi_thread")]
async fn r_058_of_parallel_sign_ups_for_one_address_one_succeeds() {
    let database = TestDatabase::create().await;
    // Two pools, as two workers have.
    let stores = [database.store(), database.store()];
    for round in 0..10 {
        let barrier = Arc::new(Barrier::new(24));
        let tries: Vec<_> = (0..24)
            .map(|number| {
                let (barrier, store) = (Arc::clone(&barrier), stores[number % 2].clone());
                let new = made::registration(&format!("round{round}@example.com"));
                tokio::spawn(async move {
                    barrier.wait().await;
                    store.register(&new).await
                })
            })
            .collect();
        let mut successes = 0;
        for outcome in futures_util::future::join_all(tries).await {
            match outcome.unwrap() {
                Ok(_) => successes += 1,
                Err(StoreError::Conflict { constraint, .. }) => {
                    assert_eq!(constraint, constraint::USER_EMAIL)
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(successes, 1);
    }
    assert_eq!(database.query_one_text("SELECT count(*) FROM \"user\"").await.as_deref(), Some("10"));
    assert_eq!(database.query_one_text(HALF_MADE).await.as_deref(), Some("0"));
}

#[tokio::test]
async fn r_057_two_spellings_of_an_address_collide() {
    let database = TestDatabase::create().await;
    let store = database.store();
    store.register(&made::registration("Ann@Example.com")).await.unwrap();
    let error = store.register(&made::registration("aNN@exAmple.com")).await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Conflict { constraint, .. } if constraint == constraint::USER_EMAIL)
    );
    let found = store.users().find_by_email(&Email::parse("ANN@EXAMPLE.COM").unwrap()).await.unwrap();
    assert_eq!(found.unwrap().email.as_str(), "ann@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn r_058_a_sign_up_whose_caller_goes_away_leaves_all_rows_or_none() {
    let database = TestDatabase::create().await;
    let store = database.store();
    // How long one takes here and now, connecting included.
    let begun = Instant::now();
    store.register(&made::registration("first@example.com")).await.unwrap();
    let whole = begun.elapsed();
    let mut finished = 0;
    for number in 0..100 {
        let new = made::registration(&format!("user{number}@example.com"));
        // From "not begun" to twice the time that it takes.
        let patience = whole * number / 50;
        finished += usize::from(tokio::time::timeout(patience, store.register(&new)).await.is_ok());
    }
    assert!(
        (1..100).contains(&finished),
        "some are interrupted and some are not: {finished} of 100 finished"
    );
    // Transactions of abandoned connections end when the server notices.
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'auth-store' AND xact_start IS NOT NULL";
    made::wait_for(&database.client().await, running, "0").await;
    assert_eq!(database.query_one_text(HALF_MADE).await.as_deref(), Some("0"));
    store.register(&made::registration("last@example.com")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn r_098_fifty_kills_under_load_leave_no_half_made_user() {
    let cluster = OwnCluster::start();
    let url = cluster.migrated("app").await;
    let store =
        Store::connect_lazily(PoolSettings { route: Some(Route::Direct), ..PoolSettings::new(url) }).unwrap();
    let (finished, signed_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|lane| {
            let (store, finished, signed_up) = (store.clone(), Arc::clone(&finished), Arc::clone(&signed_up));
            tokio::spawn(async move {
                let mut confirmed = Vec::new();
                for number in (0..).take_while(|_| !finished.load(Ordering::Relaxed)) {
                    let new = made::registration(&format!("user{number}@lane{lane}.example"));
                    match store.register(&new).await {
                        Ok(_) => confirmed.push(new.user.id),
                        Err(StoreError::Unavailable(_)) => continue,
                        Err(error) => panic!("{error:?}"),
                    }
                    signed_up.fetch_add(1, Ordering::Relaxed);
                }
                confirmed
            })
        })
        .collect();
    for _ in 0..50 {
        // Only a server at work is worth killing.
        let before = signed_up.load(Ordering::Relaxed);
        while signed_up.load(Ordering::Relaxed) < before + 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(rand::random_range(0..5_000))).await;
        cluster.crash();
    }
    finished.store(true, Ordering::Relaxed);
    let client = cluster.client("app").await;
    let mut confirmed = 0;
    for lane in load {
        for id in lane.await.unwrap() {
            let found = store.users().find_by_id(&id).await.unwrap();
            assert!(found.is_some(), "a confirmed sign-up is lost");
            confirmed += 1;
        }
    }
    assert!(confirmed >= 100, "{confirmed} sign-ups are no load");
    assert_eq!(query_one_text(&client, HALF_MADE).await.as_deref(), Some("0"));
}
