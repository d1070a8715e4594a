//! What the pool promises: limits on every connection, none held longer than needed, statements
//! prepared once, and none left over from an operation that did not end.

use std::time::{Duration, Instant};

use auth_core::StoredHash;
use auth_store::testing::{TestDatabase, read_text};
use auth_store::{Outage, PoolSettings, Store, StoreError};

use crate::made;

#[tokio::test]
async fn r_095_limits_are_set_on_every_connection() {
    let database = TestDatabase::create().await;
    let settings = PoolSettings { max_connections: 3, ..database.settings() };
    assert!(settings.acquire_timeout <= Duration::from_secs(3));
    assert!(settings.connect_timeout <= Duration::from_secs(5));
    assert!(settings.operation_timeout < Duration::from_secs(5), "R-93");
    let store = Store::connect_lazily(settings).unwrap();
    let all = "pg_backend_pid() || ' ' || current_setting('statement_timeout') || ' ' || \
               current_setting('lock_timeout') || ' ' || \
               current_setting('idle_in_transaction_session_timeout') || pg_sleep(0.2)::text";
    let answers = futures_util::future::try_join_all((0..3).map(|_| read_text(&store, all))).await.unwrap();
    let mut backends = std::collections::HashSet::new();
    for answer in &answers {
        let (backend, limits) = answer.split_once(' ').unwrap();
        backends.insert(backend);
        assert_eq!(limits, "5s 2s 10s");
    }
    assert_eq!(backends.len(), 3, "three connections were looked at: {answers:?}");
}

#[tokio::test]
async fn r_095_an_exhausted_pool_says_so_in_time() {
    let database = TestDatabase::create().await;
    let (short, long) = (Duration::from_secs(1), Duration::from_secs(60));
    let settings = PoolSettings {
        max_connections: 1,
        acquire_timeout: short,
        operation_timeout: long,
        statement_timeout: long,
        lock_timeout: long,
        ..database.settings()
    };
    let store = Store::connect_lazily(settings).unwrap();
    store.ping().await.unwrap();
    let admin = database.client().await;
    admin.batch_execute("SELECT pg_advisory_lock(95)").await.unwrap();
    let holding = store.clone();
    let holder = tokio::spawn(async move { read_text(&holding, "pg_advisory_lock(95)").await });
    let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    made::wait_for(&admin, waiting, "1").await;
    let started = Instant::now();
    let error = store.ping().await.unwrap_err();
    assert!(
        matches!(error, StoreError::Unavailable(Outage::NoConnection { after, .. }) if after == short),
        "{error:?}"
    );
    assert!(started.elapsed() <= Duration::from_millis(3500), "took {:?}", started.elapsed());
    admin.batch_execute("SELECT pg_advisory_unlock(95)").await.unwrap();
    holder.await.unwrap().unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn r_095_a_lock_is_not_waited_for_long() {
    let database = TestDatabase::create().await;
    let settings = PoolSettings { lock_timeout: Duration::from_millis(200), ..database.settings() };
    let store = Store::connect_lazily(settings).unwrap();
    let blocker = database.client().await;
    blocker.batch_execute("BEGIN; LOCK TABLE account").await.unwrap();
    let started = Instant::now();
    let error = store.register(&made::registration("ann@example.com")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(Outage::GivenUp(_))), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "took {:?}", started.elapsed());
    blocker.batch_execute("COMMIT").await.unwrap();
    store.register(&made::registration("ann@example.com")).await.unwrap();
}

#[tokio::test]
async fn a_statement_that_was_not_answered_takes_its_connection_along() {
    let database = TestDatabase::create().await;
    let settings = PoolSettings {
        max_connections: 1,
        // Time enough for a busy machine to open a connection.
        operation_timeout: Duration::from_secs(1),
        ..database.settings()
    };
    let store = Store::connect_lazily(settings).unwrap();
    let before = read_text(&store, "pg_backend_pid()").await.unwrap();
    let error = read_text(&store, "pg_sleep(60)").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(Outage::NoAnswer { .. })), "{error:?}");
    let after = read_text(&store, "pg_backend_pid()").await.unwrap();
    assert_ne!(before, after);
    // The same when the caller goes away.
    let abandoned = tokio::time::timeout(Duration::from_millis(50), read_text(&store, "pg_sleep(60)"));
    abandoned.await.unwrap_err();
    assert_ne!(read_text(&store, "pg_backend_pid()").await.unwrap(), after);
    assert_eq!(store.pool_status().connections, 1);
}

#[tokio::test]
async fn prepared_statements_survive_a_change_of_the_tables() {
    let database = TestDatabase::create().await;
    let settings = PoolSettings { max_connections: 1, ..database.settings() };
    let store = Store::connect_lazily(settings).unwrap();
    let known = made::registration("ann@example.com");
    let token = known.session.clone().unwrap().token;
    store.register(&known).await.unwrap();
    store.sessions().find_by_token(&token).await.unwrap();
    store.sessions().refresh(&token, made::NOW, made::NOW).await.unwrap();
    for kind in ["varchar(100)", "text"] {
        database.execute(&format!("ALTER TABLE session ALTER \"ipAddress\" TYPE {kind}")).await;
        assert!(store.sessions().find_by_token(&token).await.unwrap().is_some());
        database.execute(&format!("ALTER TABLE session ALTER \"userAgent\" TYPE {kind}")).await;
        assert!(store.sessions().refresh(&token, made::NOW, made::NOW).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn r_042_no_connection_is_held_after_an_answer() {
    let database = TestDatabase::create().await;
    let store = Store::connect_lazily(PoolSettings { max_connections: 1, ..database.settings() }).unwrap();
    let new = made::registration("ann@example.com");
    let token = new.session.clone().unwrap().token;
    let all_back = |what: &str| {
        let status = store.pool_status();
        assert_eq!((status.connections, status.idle), (1, 1), "after {what}");
    };
    store.register(&new).await.unwrap();
    all_back("register");
    store.register(&new).await.unwrap_err();
    all_back("a conflict");
    store.users().find_credential_by_email(&new.user.email).await.unwrap();
    all_back("the lookup before a hash");
    store.sessions().insert(&made::session(&new.user)).await.unwrap();
    all_back("insert");
    store.sessions().find_by_token(&token).await.unwrap();
    all_back("find");
    store.sessions().delete_by_token(&token).await.unwrap();
    all_back("delete");
}

#[tokio::test]
async fn every_statement_is_prepared_once_per_connection() {
    let database = TestDatabase::create().await;
    let store = Store::connect_lazily(PoolSettings { max_connections: 1, ..database.settings() }).unwrap();
    let prepared = "(SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared%')";
    let hash = StoredHash::from_stored("hash");
    let mut counts = Vec::new();
    for round in 0..3 {
        let new = made::registration(&format!("user{round}@example.com"));
        let session = new.session.clone().unwrap();
        store.register(&new).await.unwrap();
        store.users().find_by_id(&new.user.id).await.unwrap();
        store.users().find_by_email(&new.user.email).await.unwrap();
        store.users().find_credential_by_email(&new.user.email).await.unwrap();
        store.accounts().find_credential(&new.user.id).await.unwrap();
        store.accounts().update_password(&new.user.id, &hash, &hash, made::NOW).await.unwrap();
        store.sessions().find_by_token(&session.token).await.unwrap();
        store.sessions().find_by_id(&session.id).await.unwrap();
        store.sessions().refresh(&session.token, made::NOW, made::NOW).await.unwrap();
        store.sessions().delete_expired(&session.token, made::NOW).await.unwrap();
        store.sessions().delete_by_token(&session.token).await.unwrap();
        counts.push(read_text(&store, prepared).await.unwrap());
    }
    // Three inserts and ten others.
    assert_eq!(counts, ["13", "13", "13"]);
}
