//! Real PgBouncers, old and new. Their programs are named by `AUTH_TEST_PGBOUNCER_OLD` (before 1.21)
//! and `AUTH_TEST_PGBOUNCER_NEW`; `cargo xtask test` gets them. `AUTH_TEST_WITHOUT=pgbouncer` leaves
//! these tests out, knowingly.

use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use auth_store::migrations::{self, MigrationError};
use auth_store::testing::{OwnCluster, query_one_text, read_text};
use auth_store::{DatabaseUrl, IdKind, PoolSettings, Route, Store, StoreError};

use crate::made;

/// PgBouncer before 1.21: no prepared statements in transaction mode.
const OLD: &str = "AUTH_TEST_PGBOUNCER_OLD";

/// PgBouncer from 1.21 on.
const NEW: &str = "AUTH_TEST_PGBOUNCER_NEW";

/// A running PgBouncer; stopped with the test.
struct Pooler {
    process: Child,
    port: u16,
    database: &'static str,
    folder: PathBuf,
}

impl Pooler {
    /// Starts one before a cluster, or gives `None` if the tests were told to do without.
    fn start(variable: &str, server: &Server, settings: &str) -> Option<Self> {
        let program = match std::env::var(variable) {
            Ok(program) => program,
            Err(_) if left_out() => return None,
            Err(_) => panic!(
                "{variable} must name a PgBouncer (cargo xtask test sets it), or AUTH_TEST_WITHOUT=pgbouncer"
            ),
        };
        let Server { cluster, database } = server;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Beside the cluster's data: reachable for the user that both run as.
        let folder = cluster.dir().join(format!("pooler-{port}"));
        std::fs::create_dir(&folder).unwrap();
        let ini = folder.join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nauth_type = any\nunix_socket_dir =\nserver_lifetime = 3600\n{settings}\n",
            cluster.tcp_port().unwrap()
        );
        std::fs::write(&ini, text).unwrap();
        let mut command = Command::new(program);
        command
            .arg("-q")
            .arg(&ini)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        // It refuses root, as the server does.
        cluster.account().apply(&mut command);
        let process = command.spawn().expect("PgBouncer can be started");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(5), "PgBouncer does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(Self { process, port, database, folder })
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, self.database)
    }

    fn settings(&self) -> PoolSettings {
        PoolSettings::new(DatabaseUrl::parse(&self.url()).unwrap())
    }

    fn store(&self) -> Store {
        Store::connect_lazily(self.settings()).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn left_out() -> bool {
    std::env::var("AUTH_TEST_WITHOUT")
        .is_ok_and(|list| list.split(',').any(|name| name.trim() == "pgbouncer"))
}

/// A migrated database on a cluster of the test's own: PgBouncer needs TCP.
struct Server {
    cluster: OwnCluster,
    database: &'static str,
}

impl Server {
    async fn start() -> Self {
        let server = Self { cluster: OwnCluster::start(), database: "app" };
        server.cluster.migrated(server.database).await;
        server
    }
}

async fn assert_refused(pooler: &Pooler) {
    for round in 0..5 {
        let store = pooler.store();
        let error = store.verify_connection().await.expect_err("refused");
        assert!(matches!(error, StoreError::UnsafePooler(_)), "round {round}: {error:?}");
        let text = error.to_string();
        for way_out in ["1.21", "max_prepared_statements", "pool_mode = session", "direct address"] {
            assert!(text.contains(way_out), "{text}");
        }
        // Whoever does not ask first is refused as well, at every call, and no statement is run.
        let error = store.register(&made::registration("ann@example.com")).await.unwrap_err();
        assert!(matches!(error, StoreError::UnsafePooler(_)), "round {round}: {error:?}");
    }
    let error = migrations::check(&pooler.settings().url, IdKind::Text).await.unwrap_err();
    assert!(
        matches!(error, MigrationError::Connect(auth_store::ConnectError::UnsafePooler(_))),
        "migrations are refused too: {error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_without_prepared_statements_is_refused() {
    let server = Server::start().await;
    for size in [1, 2, 20] {
        let settings = format!("pool_mode = transaction\ndefault_pool_size = {size}");
        let Some(pooler) = Pooler::start(OLD, &server, &settings) else { return };
        assert_refused(&pooler).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pooler_with_prepared_statements_turned_off_is_refused() {
    let server = Server::start().await;
    let settings = "pool_mode = transaction\nmax_prepared_statements = 0";
    let Some(pooler) = Pooler::start(NEW, &server, settings) else { return };
    assert_refused(&pooler).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsafe_pooler_is_recognised_while_others_use_it() {
    let server = Server::start().await;
    let settings = "pool_mode = transaction\ndefault_pool_size = 6";
    let Some(pooler) = Pooler::start(OLD, &server, settings) else { return };
    let connect = async || {
        let (client, connection) =
            tokio_postgres::connect(&pooler.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    // PgBouncer opens its server connections one after the other, as clients wait for them; who comes while it does
    // may wait longer than a start does. Six transactions at once have it open all of them.
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(connect().await);
        clients.last().unwrap().batch_execute("BEGIN").await.unwrap();
    }
    for client in &clients {
        client.batch_execute("COMMIT").await.unwrap();
    }
    let others: Vec<_> = clients
        .into_iter()
        .take(4)
        .map(|client| {
            tokio::spawn(async move {
                loop {
                    client.batch_execute("SELECT pg_sleep(0.002)").await.unwrap();
                }
            })
        })
        .collect();
    assert_refused(&pooler).await;
    others.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pooler_in_transaction_mode_works() {
    let mut server = Server { cluster: OwnCluster::start(), database: "" };
    for (size, database, ids) in [
        (1, "new_one", IdKind::Text),
        (5, "new_five", IdKind::Text),
        (2, "new_uuid", IdKind::Uuid),
        (2, "new_serial", IdKind::Serial),
    ] {
        server.cluster.migrated_with_ids(database, ids).await;
        server.database = database;
        let settings =
            format!("pool_mode = transaction\nmax_prepared_statements = 100\ndefault_pool_size = {size}");
        let Some(pooler) = Pooler::start(NEW, &server, &settings) else { return };
        assert_eq!(migrations::check(&pooler.settings().url, ids).await.unwrap(), []);
        let stores = [pooler.store(), pooler.store()].map(|store| store.with_ids(ids));
        for store in &stores {
            assert_eq!(store.verify_connection().await.unwrap().route, Route::TransactionPooler);
        }
        let mut people = Vec::new();
        for number in 0..10 {
            let new = made::registration(&format!("user{number}@size{size}.example"));
            people.push(stores[number % 2].register(&new).await.unwrap());
        }
        // Many at once over few server connections, each with its own answer.
        let reads = (0..400).map(|number| {
            let (store, person) = (stores[number % 2].clone(), people[number % 10].clone());
            tokio::spawn(async move {
                let token = person.session.unwrap().token;
                let found = store.sessions().find_by_token(&token).await.unwrap().unwrap();
                assert_eq!(found.user.id, person.user.id);
                let found = store.users().find_by_id(&found.user.id).await.unwrap().unwrap();
                assert_eq!(found.email, person.user.email);
                let found = store.users().find_by_email(&person.user.email).await.unwrap().unwrap();
                assert_eq!(found.id, person.user.id);
            })
        });
        futures_util::future::try_join_all(reads).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_no_limit_leaks_into_the_shared_session() {
    let server = Server::start().await;
    let settings = "pool_mode = transaction\nmax_prepared_statements = 100\ndefault_pool_size = 1";
    let Some(pooler) = Pooler::start(NEW, &server, settings) else { return };
    let settings = PoolSettings { lock_timeout: Duration::from_millis(200), ..pooler.settings() };
    let store = Store::connect_lazily(settings).unwrap();
    store.register(&made::registration("ann@example.com")).await.unwrap();
    let limits = "current_setting('statement_timeout') || current_setting('lock_timeout')";
    assert_eq!(read_text(&store, limits).await.unwrap(), "00");

    // A transaction carries its own: this one waits for a lock no longer than a direct one would.
    let blocker = server.cluster.client(server.database).await;
    blocker.batch_execute("BEGIN; LOCK TABLE account").await.unwrap();
    let started = Instant::now();
    let error = store.register(&made::registration("bob@example.com")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(auth_store::Outage::GivenUp(_))), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(3), "took {:?}", started.elapsed());
    blocker.batch_execute("COMMIT").await.unwrap();
    store.register(&made::registration("bob@example.com")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn session_mode_works_with_old_poolers_and_without_room_for_two() {
    let server = Server::start().await;
    for size in [1, 20] {
        let settings = format!("pool_mode = session\ndefault_pool_size = {size}");
        let Some(pooler) = Pooler::start(OLD, &server, &settings) else { return };
        let store = Store::connect_lazily(PoolSettings { max_connections: 1, ..pooler.settings() }).unwrap();
        let started = Instant::now();
        assert_eq!(store.verify_connection().await.unwrap().route, Route::Direct);
        assert!(started.elapsed() < Duration::from_secs(3), "took {:?}", started.elapsed());
        store.register(&made::registration(&format!("ann@size{size}.example"))).await.unwrap();
        assert_eq!(read_text(&store, "current_setting('statement_timeout')").await.unwrap(), "5s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_itself_is_never_mistaken_for_a_pooler() {
    let server = Server::start().await;
    let Server { cluster, database } = &server;
    for url in [cluster.url(database), cluster.tcp_url(database).unwrap()] {
        let settings = PoolSettings::new(DatabaseUrl::parse(&url).unwrap());
        for _ in 0..10 {
            let store = Store::connect_lazily(settings.clone()).unwrap();
            assert_eq!(store.verify_connection().await.unwrap().route, Route::Direct);
        }
    }
    // The looking leaves nothing behind.
    let client = cluster.client(database).await;
    let left = "SELECT count(*) FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() \
                AND datname = current_database()";
    assert_eq!(query_one_text(&client, left).await.as_deref(), Some("0"));
}
