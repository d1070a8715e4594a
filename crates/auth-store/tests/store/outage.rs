//! Postgres frozen, killed, gone, restarting or slow: an answer in time, never a wrong one, and no
//! restart needed afterwards.

use std::time::{Duration, Instant};

use auth_store::testing::{OwnCluster, TestDatabase, query_one_text, read_text};
use auth_store::{DatabaseUrl, NewRegistration, Outage, PoolSettings, Route, Store, StoreError};

use crate::made;

/// longest time until an answer during an outage.
const ANSWER: Duration = Duration::from_secs(5);

/// longest time until work goes on after an outage.
const RECOVERY: Duration = Duration::from_secs(5);

/// Ends the connections of every store on this database.
const END_CONNECTIONS: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                               WHERE datname = current_database() AND application_name = 'auth-store'";

fn direct(url: DatabaseUrl) -> PoolSettings {
    PoolSettings { route: Some(Route::Direct), ..PoolSettings::new(url) }
}

/// Settings whose limits are so far below [`ANSWER`] that a busy machine keeps it; that those of production are below
/// it as well is a test of the pool.
fn impatient(settings: PoolSettings) -> PoolSettings {
    let second = Duration::from_secs(1);
    PoolSettings {
        acquire_timeout: second,
        connect_timeout: second,
        operation_timeout: second * 3 / 2,
        ..settings
    }
}

/// Calls everything that a request may call; each has to say "unavailable" in time.
async fn assert_unavailable(store: &Store, known: &NewRegistration) {
    let session = known.session.clone().unwrap();
    let new = made::registration("new@example.com");
    let started = Instant::now();
    let (found, credential, refreshed, deleted, registered, ping, pending) = tokio::join!(
        store.sessions().find_by_token(&session.token),
        store.users().find_credential_by_email(&known.user.email),
        store.sessions().refresh(&session.token, made::NOW, made::NOW),
        store.sessions().delete_by_token(&session.token),
        store.register(&new),
        store.ping(),
        store.pending_migrations(),
    );
    let took = started.elapsed();
    for (what, error) in [
        ("find", found.map(drop)),
        ("credential", credential.map(drop)),
        ("refresh", refreshed.map(drop)),
        ("delete", deleted.map(drop)),
        ("register", registered.map(drop)),
        ("ping", ping),
        ("pending", pending.map(drop)),
    ] {
        let error = error.expect_err(what);
        assert!(matches!(error, StoreError::Unavailable(_)), "{what}: {error:?}");
    }
    assert!(took <= ANSWER, "took {took:?}");
}

/// Repeats a read until it works.
async fn assert_recovers(store: &Store, known: &NewRegistration) {
    let token = &known.session.as_ref().unwrap().token;
    let started = Instant::now();
    loop {
        match store.sessions().find_by_token(token).await {
            Ok(found) => {
                assert!(found.is_some(), "an outage must not look like an absent session");
                break;
            }
            Err(StoreError::Unavailable(_)) => assert!(started.elapsed() < RECOVERY, "no recovery"),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(started.elapsed() <= RECOVERY, "took {:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn r_093_a_frozen_server_is_answered_in_time() {
    let cluster = OwnCluster::start();
    cluster.migrated("app").await;
    let open = |url: String| {
        let settings = direct(DatabaseUrl::parse(&url).unwrap());
        Store::connect_lazily(impatient(settings)).unwrap()
    };
    let known = made::registration("ann@example.com");
    let (socket, tcp) = (open(cluster.url("app")), open(cluster.tcp_url("app").unwrap()));
    socket.register(&known).await.unwrap();
    assert_recovers(&tcp, &known).await;
    // These have no connection yet when the server freezes.
    let (socket_later, tcp_later) = (open(cluster.url("app")), open(cluster.tcp_url("app").unwrap()));
    let stores = [&socket, &tcp, &socket_later, &tcp_later];
    cluster.pause().unwrap();
    futures_util::future::join_all(stores.map(|store| assert_unavailable(store, &known))).await;
    cluster.resume().unwrap();
    futures_util::future::join_all(stores.map(|store| assert_recovers(store, &known))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_094_ten_outages_in_a_row_are_survived_without_leaks() {
    let cluster = OwnCluster::start();
    let url = cluster.migrated("app").await;
    let store = Store::connect_lazily(direct(url)).unwrap();
    let known = made::registration("ann@example.com");
    store.register(&known).await.unwrap();
    for round in 0..10 {
        if round == 0 {
            cluster.stop(dev_postgres::StopMode::Immediate).unwrap();
            assert_unavailable(&store, &known).await;
            cluster.restart().unwrap();
        } else {
            cluster.crash();
        }
        assert_recovers(&store, &known).await;
    }
    let reads = (0..40).map(|_| store.ping());
    futures_util::future::try_join_all(reads).await.unwrap();
    let open = query_one_text(
        &cluster.client("app").await,
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'auth-store'",
    )
    .await
    .unwrap();
    assert!(open.parse::<u32>().unwrap() <= store.settings().max_connections, "{open} connections");
    assert!(store.pool_status().connections <= store.settings().max_connections);
}

#[tokio::test]
async fn r_093_an_unreachable_server_is_answered_in_time() {
    // One address that takes connections and says nothing, one where nobody listens.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let urls =
        [format!("postgres://u@{}/d", silent.local_addr().unwrap()), format!("postgres://u@{closed}/d")];
    let known = made::registration("ann@example.com");
    futures_util::future::join_all(urls.iter().map(async |url| {
        let url = DatabaseUrl::parse(url).unwrap();
        for settings in [direct(url.clone()), PoolSettings::new(url)] {
            assert_unavailable(&Store::connect_lazily(impatient(settings)).unwrap(), &known).await;
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r_096_dead_connections_are_replaced_without_an_error() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let known = made::registration("ann@example.com");
    let token = known.session.clone().unwrap().token;
    store.register(&known).await.unwrap();
    let admin = database.client().await;
    for round in 0..50 {
        assert_ne!(query_one_text(&admin, END_CONNECTIONS).await.as_deref(), Some("0"), "round {round}");
        if round % 2 == 0 {
            let found = store.sessions().find_by_token(&token).await;
            assert!(found.unwrap_or_else(|error| panic!("round {round}: {error:?}")).is_some());
        } else {
            let new = made::registration(&format!("user{round}@example.com"));
            store.register(&new).await.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r_096_a_read_is_repeated_once_and_not_more() {
    let database = TestDatabase::create().await;
    database.execute("CREATE SEQUENCE attempts").await;
    let store = database.store();
    let admin = database.client().await;
    let reading = {
        let store = store.clone();
        tokio::spawn(async move { read_text(&store, "nextval('attempts') || pg_sleep(3)::text").await })
    };
    let attempts = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attempts";
    for round in ["1", "2"] {
        made::wait_for(&admin, attempts, round).await;
        query_one_text(&admin, END_CONNECTIONS).await;
    }
    let error = reading.await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(Outage::ConnectionLost(_))), "{error:?}");
    assert_eq!(query_one_text(&admin, attempts).await.as_deref(), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn r_096_a_write_that_may_have_run_is_not_repeated() {
    let database = TestDatabase::create().await;
    let store = database.store();
    let known = made::registration("ann@example.com");
    store.register(&known).await.unwrap();
    let admin = database.client().await;
    let blocker = database.client().await;
    blocker.batch_execute("BEGIN; LOCK TABLE session").await.unwrap();
    let (inserting, session) = (store.clone(), made::session(&known.user));
    let insert = tokio::spawn(async move { inserting.sessions().insert(&session).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'auth-store' AND wait_event_type = 'Lock'";
    made::wait_for(&admin, waiting, "1").await;
    query_one_text(&admin, END_CONNECTIONS).await;
    let error = insert.await.unwrap().unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(Outage::ConnectionLost(_))), "{error:?}");
    blocker.batch_execute("COMMIT").await.unwrap();
    assert_eq!(query_one_text(&admin, "SELECT count(*) FROM session").await.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_wakes_slowly_costs_time_and_no_error() {
    let cluster = std::sync::Arc::new(OwnCluster::start());
    let url = cluster.migrated("app").await;
    let store = Store::connect_lazily(PoolSettings::new(url)).unwrap();
    cluster.stop(dev_postgres::StopMode::Fast).unwrap();
    let waker = std::sync::Arc::clone(&cluster);
    let waking = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(500));
        waker.restart().unwrap();
    });
    store.register(&made::registration("ann@example.com")).await.unwrap();
    waking.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_room_is_an_outage_that_passes() {
    let cluster = OwnCluster::start_with(|options| {
        options.max_connections = 8;
        options.settings.push(("superuser_reserved_connections".to_owned(), "0".to_owned()));
    });
    let url = cluster.migrated("app").await;
    let mut others = Vec::new();
    // Several refusals in a row: a connection of the migrations may end only now and leave room for one more.
    let mut refusals = 0;
    while refusals < 10 {
        match tokio_postgres::connect(url.expose(), tokio_postgres::NoTls).await {
            Ok((client, connection)) => {
                others.push((client, tokio::spawn(connection)));
                refusals = 0;
            }
            Err(_) => {
                refusals += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    let settings = PoolSettings { acquire_timeout: Duration::from_millis(500), ..direct(url) };
    let store = Store::connect_lazily(settings).unwrap();
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    drop(others);
    let started = Instant::now();
    while let Err(error) = store.ping().await {
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        assert!(started.elapsed() < RECOVERY, "no recovery");
    }
}

#[tokio::test]
async fn a_missing_database_is_said_at_once() {
    let database = TestDatabase::create().await;
    let url = format!("{}_not", database.url());
    let patience = Duration::from_secs(60);
    let settings = PoolSettings {
        acquire_timeout: patience,
        operation_timeout: patience,
        ..direct(DatabaseUrl::parse(&url).unwrap())
    };
    let store = Store::connect_lazily(settings).unwrap();
    let started = Instant::now();
    let error = store.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(Outage::Connect(_))), "{error:?}");
    assert!(started.elapsed() < patience / 2, "took {:?}", started.elapsed());
}
