//! Databases for tests (feature `testing`): real Postgres, one database per test, no set-up needed.
//!
//! The server is the one in `AUTH_TEST_DATABASE_URL` (an address that can create databases;
//! `cargo xtask test` sets it). Without this variable, the process starts a private cluster that ends with
//! it. A migrated template is created once per form of the tables, and each test gets a copy of it. The copy
//! is dropped when the test passes. When the test panics, the copy is kept and its address is printed.
//!
//! A failed set-up panics and thereby fails the test.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "for tests only; a failed set-up is a failed test"
)]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use dev_postgres::{Cluster, ClusterOptions, StopMode, Tcp};
use scoped_futures::ScopedFutureExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Connection, NoTls, SimpleQueryMessage, Socket};

use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::id::IdKind;
use crate::migrations;
use crate::pool::PoolSettings;
use crate::route::Route;
use crate::store::Store;

/// The environment variable with the address of the server for test databases.
pub const SERVER_VARIABLE: &str = "AUTH_TEST_DATABASE_URL";

/// Advisory lock for creating the template, so that concurrent test binaries create it only once.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// The database of one test.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    admin_url: String,
}

impl TestDatabase {
    /// Creates a migrated database on the test server.
    pub async fn create() -> Self {
        Self::create_with_ids(IdKind::Text).await
    }

    /// Creates a migrated database whose tables store ids of the given kind.
    pub async fn create_with_ids(ids: IdKind) -> Self {
        let (admin_url, template) = (admin_url(), template_name(ids));
        let admin = Admin::connect(&admin_url).await;
        match Self::copy_of(&admin_url, &admin, &template).await {
            Ok(database) => database,
            // The template does not exist before the first test of a run.
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
                make_template(&admin_url, &admin, &template, ids).await;
                Self::copy_of(&admin_url, &admin, &template).await.expect("a test's database can be made")
            }
            Err(error) => panic!("a test's database cannot be made: {error:?}"),
        }
    }

    /// Creates a database without tables on the test server.
    pub async fn create_empty() -> Self {
        let admin_url = admin_url();
        let admin = Admin::connect(&admin_url).await;
        Self::copy_of(&admin_url, &admin, "template0").await.expect("a test's database can be made")
    }

    async fn copy_of(admin_url: &str, admin: &Admin, template: &str) -> Result<Self, tokio_postgres::Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("auth_test_{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
        let strategy = if admin.has_strategies { " STRATEGY file_copy" } else { "" };
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}{strategy}");
        admin.client.batch_execute(&create).await?;
        Ok(Self { url: with_database(admin_url, &name), name, admin_url: admin_url.to_owned() })
    }

    /// Returns the address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the parsed address.
    pub fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.url).expect("the address was made here")
    }

    /// Returns the settings that the server would use for a pool on this database.
    pub fn settings(&self) -> PoolSettings {
        PoolSettings { route: Some(Route::Direct), ..PoolSettings::new(self.database_url()) }
    }

    /// Creates a store for this database.
    pub fn store(&self) -> Store {
        Store::connect_lazily(self.settings()).expect("the settings were made here")
    }

    /// Opens a plain connection, for statements that a store does not offer.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// Runs SQL without parameters.
    pub async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs a query and returns the first column of its first row as text; `None` if there is no row or the
    /// value is NULL.
    pub async fn query_one_text(&self, sql: &str) -> Option<String> {
        query_one_text(&self.client().await, sql).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the test's database is kept: {}", self.url);
            return;
        }
        // Uses a separate runtime: the test's runtime may be stopping, or may have only this thread, which is
        // blocked here.
        let (admin_url, name) = (self.admin_url.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let Ok((client, connection)) = tokio_postgres::connect(&admin_url, NoTls).await else {
                    return;
                };
                tokio::spawn(connection);
                let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
            Ok::<(), std::io::Error>(())
        });
        // Errors are ignored: at worst the database remains in a temporary cluster.
        let _ = dropped.join();
    }
}

/// A cluster for one test only, which can kill, freeze or restart Postgres. It listens on a Unix socket and
/// on a free TCP port. The methods of [`Cluster`] control it.
#[derive(Debug)]
pub struct OwnCluster {
    cluster: Cluster,
}

impl OwnCluster {
    /// Starts a cluster.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts a cluster that a [`standby`](Self::standby) can replicate.
    pub fn start_primary() -> Self {
        Self::start_with(replicates)
    }

    /// Starts a cluster with changed options.
    pub fn start_with(change: impl FnOnce(&mut ClusterOptions)) -> Self {
        let mut options = options();
        options.tcp = Tcp::Free;
        // Committed data must survive a kill of the server.
        options.settings.push(("synchronous_commit".to_owned(), "on".to_owned()));
        change(&mut options);
        Self { cluster: Cluster::start(options).unwrap_or_else(|error| panic!("no cluster: {error:?}")) }
    }

    /// Creates a migrated database on this cluster. It is deleted together with the cluster.
    pub async fn migrated(&self, name: &str) -> DatabaseUrl {
        self.migrated_with_ids(name, IdKind::Text).await
    }

    /// Like [`migrated`](Self::migrated), with tables that store ids of the given kind.
    pub async fn migrated_with_ids(&self, name: &str, ids: IdKind) -> DatabaseUrl {
        let admin = connect(&self.cluster.admin_url()).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database can be made");
        let url = DatabaseUrl::parse(&self.cluster.url(name)).expect("the address was made here");
        migrations::up(&url, ids).await.expect("an empty database can be migrated");
        url
    }

    /// Starts a hot standby that replicates this [primary](Self::start_primary). The primary is restarted so
    /// that its data can be copied.
    pub fn standby(&self) -> Self {
        let mut options = options();
        options.tcp = Tcp::Free;
        replicates(&mut options);
        let from = format!("host={} port={} user=postgres", self.socket_dir().display(), self.socket_port());
        options.settings.push(("primary_conninfo".to_owned(), from));
        self.cluster.stop(StopMode::Fast).expect("the server can be stopped");
        std::fs::create_dir_all(&options.dir).expect("a folder for the standby");
        // `-a` keeps owners and permissions, which PostgreSQL checks.
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(self.cluster.dir().join("data"))
            .arg(&options.dir)
            .status()
            .expect("cp runs");
        assert!(copied.success(), "the data can be copied");
        std::fs::write(options.dir.join("data/standby.signal"), "").expect("a file in the standby's data");
        self.cluster.restart().expect("the server can be started");
        Self { cluster: Cluster::start(options).unwrap_or_else(|error| panic!("no standby: {error:?}")) }
    }

    /// Kills the server and starts it again.
    pub fn crash(&self) {
        self.cluster.kill().expect("the server can be killed");
        let given_up_at = Instant::now() + Duration::from_secs(10);
        // A child process that started right before the kill can hold the shared memory a little longer.
        while let Err(error) = self.cluster.restart() {
            assert!(Instant::now() < given_up_at, "the server does not come back: {error:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Opens a plain connection over the Unix socket.
    pub async fn client(&self, database: &str) -> Client {
        connect(&self.cluster.url(database)).await
    }
}

impl Deref for OwnCluster {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}

/// Adds the settings that a replicated primary and its standby need.
fn replicates(options: &mut ClusterOptions) {
    for (name, value) in [("wal_level", "replica"), ("max_wal_senders", "2")] {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
}

/// Runs a query and returns the first column of its first row as text; `None` if there is no row or the value
/// is NULL.
pub async fn query_one_text(client: &Client, sql: &str) -> Option<String> {
    let answer = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    answer.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
        _ => None,
    })
}

/// Evaluates an SQL expression on a connection of a store's pool, as a read, and returns its value as text.
///
/// # Errors
///
/// As any read of the store.
pub async fn read_text(store: &Store, sql: &str) -> Result<String, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::Text)]
        answer: String,
    }
    store
        .pool()
        .read(|connection| {
            async move {
                let query = diesel::sql_query(format!("SELECT ({sql})::text AS answer"));
                Ok(diesel_async::RunQueryDsl::get_result::<Answer>(query, connection).await?.answer)
            }
            .scope_boxed()
        })
        .await
}

/// Returns the address for creating databases.
fn admin_url() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    match std::env::var(SERVER_VARIABLE) {
        Ok(url) => url,
        Err(_) => CLUSTER
            .get_or_init(|| {
                // Removes the clusters of test runs that were killed.
                let _ = dev_postgres::sweep(&folder());
                let mut options = options();
                options.max_connections = 300;
                Cluster::start(options).unwrap_or_else(|error| {
                    panic!("no Postgres for tests: {error}; or set {SERVER_VARIABLE} to a server's address")
                })
            })
            .admin_url(),
    }
}

/// Folder of the prepared cluster data, and of the clusters themselves if the system lacks memory for them.
const ON_DISK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/postgres");

fn folder() -> PathBuf {
    dev_postgres::throw_away_parent(ON_DISK)
}

/// Options of a cluster whose data are copied from a prepared cluster. This takes tens of milliseconds
/// instead of a second.
fn options() -> ClusterOptions {
    ClusterOptions { template: Some(PathBuf::from(ON_DISK)), ..ClusterOptions::throw_away_in(folder()) }
}

/// Returns the name of the template, a migrated database that test databases are copies of.
fn template_name(ids: IdKind) -> String {
    let mut hasher = DefaultHasher::new();
    for change in migrations::from_nothing(&ids.into()) {
        change.sql.hash(&mut hasher);
    }
    format!("auth_template_{:016x}", hasher.finish())
}

/// Creates the template, unless another process has already created it.
async fn make_template(admin_url: &str, admin: &Admin, name: &str, ids: IdKind) {
    let building = format!("{name}_new");
    let execute = async |statement: String| {
        admin.client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    };
    execute(format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let there = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    if query_one_text(&admin.client, &there).await.is_none() {
        execute(format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)")).await;
        execute(format!("CREATE DATABASE {building} TEMPLATE template0")).await;
        let url = DatabaseUrl::parse(&with_database(admin_url, &building))
            .expect("the tests' server has an address");
        migrations::up(&url, ids).await.expect("an empty database can be migrated");
        execute(format!("ALTER DATABASE {building} RENAME TO {name}")).await;
    }
    execute(format!("SELECT pg_advisory_unlock({TEMPLATE_LOCK})")).await;
}

/// A connection that creates databases.
struct Admin {
    client: Client,
    /// Whether `CREATE DATABASE` has the option `STRATEGY` (PostgreSQL 15).
    has_strategies: bool,
}

impl Admin {
    async fn connect(url: &str) -> Self {
        let (client, connection) = open(url).await;
        // For example "15.18 (Debian 15.18-0+deb12u1)".
        let version = connection.parameter("server_version").unwrap_or_default();
        let major = version.split(|c: char| !c.is_ascii_digit()).next().and_then(|text| text.parse().ok());
        tokio::spawn(connection);
        Self { client, has_strategies: major.is_some_and(|major: u32| major >= 15) }
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = open(url).await;
    tokio::spawn(connection);
    client
}

async fn open(url: &str) -> (Client, Connection<Socket, NoTlsStream>) {
    tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("the tests' server does not answer: {error:?}"))
}

/// Replaces the database name in a URL.
fn with_database(url: &str, database: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end =
        address.get(authority..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| authority + at);
    let server = address.get(..end).unwrap_or(address);
    match query {
        Some(query) => format!("{server}/{database}?{query}"),
        None => format!("{server}/{database}"),
    }
}
