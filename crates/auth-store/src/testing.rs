//! Databases for tests (feature `testing`): real Postgres, one database per test, nothing to set up.
//!
//! The server is the one that `AUTH_TEST_DATABASE_URL` names (an address from which databases can be
//! made; `cargo xtask test` gives one), else a private cluster that this process starts and that goes
//! with it. A migrated template is made once per form of the tables; a test's database is a copy of it.
//! It is dropped when the test passes; when the test panics it is kept and named.
//!
//! Set-up failures panic: a test that has no database has failed.
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

/// Names the server that test databases are made on.
pub const SERVER_VARIABLE: &str = "AUTH_TEST_DATABASE_URL";

/// Lock under which the template is made, so that test binaries that run at once make it once.
const TEMPLATE_LOCK: i64 = 0x7465_6d70_6c61_7465;

/// A database of one test.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    admin_url: String,
}

impl TestDatabase {
    /// Makes a migrated database on the tests' server.
    pub async fn create() -> Self {
        Self::create_with_ids(IdKind::Text).await
    }

    /// Makes a migrated database whose tables keep ids of a kind.
    pub async fn create_with_ids(ids: IdKind) -> Self {
        let (admin_url, template) = (admin_url(), template_name(ids));
        let admin = Admin::connect(&admin_url).await;
        match Self::copy_of(&admin_url, &admin, &template).await {
            Ok(database) => database,
            // The first test of a run finds no template.
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => {
                make_template(&admin_url, &admin, &template, ids).await;
                Self::copy_of(&admin_url, &admin, &template).await.expect("a test's database can be made")
            }
            Err(error) => panic!("a test's database cannot be made: {error:?}"),
        }
    }

    /// Makes a database without tables on the tests' server.
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

    /// Gives the address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the parsed address.
    pub fn database_url(&self) -> DatabaseUrl {
        DatabaseUrl::parse(&self.url).expect("the address was made here")
    }

    /// Gives settings for a pool on this database, as the server would use them.
    pub fn settings(&self) -> PoolSettings {
        PoolSettings { route: Some(Route::Direct), ..PoolSettings::new(self.database_url()) }
    }

    /// Makes a store on this database.
    pub fn store(&self) -> Store {
        Store::connect_lazily(self.settings()).expect("the settings were made here")
    }

    /// Opens a plain connection, for what a store does not offer.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }

    /// Runs SQL without parameters.
    pub async fn execute(&self, sql: &str) {
        self.client().await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs a query and gives the first column of its first row as text; `None` without a row or for NULL.
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
        // A runtime of its own: this one may be stopping, or be a single thread that waits here.
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
        // Left behind at worst; the cluster is a throw-away one.
        let _ = dropped.join();
    }
}

/// A cluster of one test's own, for tests that kill, freeze or restart Postgres. Listens on a Unix
/// socket and on a free TCP port; see [`Cluster`] for what can be done to it.
#[derive(Debug)]
pub struct OwnCluster {
    cluster: Cluster,
}

impl OwnCluster {
    /// Starts one.
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// Starts one that [`standby`](Self::standby) can follow.
    pub fn start_primary() -> Self {
        Self::start_with(replicates)
    }

    /// Starts one with changed options.
    pub fn start_with(change: impl FnOnce(&mut ClusterOptions)) -> Self {
        let mut options = options();
        options.tcp = Tcp::Free;
        // A killed server must come back with what it had confirmed.
        options.settings.push(("synchronous_commit".to_owned(), "on".to_owned()));
        change(&mut options);
        Self { cluster: Cluster::start(options).unwrap_or_else(|error| panic!("no cluster: {error:?}")) }
    }

    /// Makes a migrated database on it. It goes with the cluster.
    pub async fn migrated(&self, name: &str) -> DatabaseUrl {
        self.migrated_with_ids(name, IdKind::Text).await
    }

    /// Makes one whose tables keep ids of a kind.
    pub async fn migrated_with_ids(&self, name: &str, ids: IdKind) -> DatabaseUrl {
        let admin = connect(&self.cluster.admin_url()).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a database can be made");
        let url = DatabaseUrl::parse(&self.cluster.url(name)).expect("the address was made here");
        migrations::up(&url, ids).await.expect("an empty database can be migrated");
        url
    }

    /// Starts a hot standby of a [primary](Self::start_primary), which replays what happens there. The
    /// primary restarts for it.
    pub fn standby(&self) -> Self {
        let mut options = options();
        options.tcp = Tcp::Free;
        replicates(&mut options);
        let from = format!("host={} port={} user=postgres", self.socket_dir().display(), self.socket_port());
        options.settings.push(("primary_conninfo".to_owned(), from));
        self.cluster.stop(StopMode::Fast).expect("the server can be stopped");
        std::fs::create_dir_all(&options.dir).expect("a folder for the standby");
        // With owners and permissions, which PostgreSQL insists on.
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
        // A child that the server began in the very moment of its death holds its memory a little longer.
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

/// What a primary has that is followed, and its standby too.
fn replicates(options: &mut ClusterOptions) {
    for (name, value) in [("wal_level", "replica"), ("max_wal_senders", "2")] {
        options.settings.push((name.to_owned(), value.to_owned()));
    }
}

/// Runs a query and gives the first column of its first row as text; `None` without a row or for NULL.
pub async fn query_one_text(client: &Client, sql: &str) -> Option<String> {
    let answer = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    answer.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
        _ => None,
    })
}

/// Runs SQL on a connection of a store's pool, as a read, and gives the first column of its first row.
///
/// # Errors
///
/// As every read of the store.
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

/// Gives the address from which databases are made.
fn admin_url() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    match std::env::var(SERVER_VARIABLE) {
        Ok(url) => url,
        Err(_) => CLUSTER
            .get_or_init(|| {
                // Clusters of runs that were killed.
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

/// Where the finished data are, and the clusters on a system without memory to spare.
const ON_DISK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/postgres");

fn folder() -> PathBuf {
    dev_postgres::throw_away_parent(ON_DISK)
}

/// Options of a cluster whose data are a copy of a finished one: tens of milliseconds, and not a second.
fn options() -> ClusterOptions {
    ClusterOptions { template: Some(PathBuf::from(ON_DISK)), ..ClusterOptions::throw_away_in(folder()) }
}

/// Names the migrated database that the tests' databases are copies of.
fn template_name(ids: IdKind) -> String {
    let mut hasher = DefaultHasher::new();
    for change in migrations::from_nothing(&ids.into()) {
        change.sql.hash(&mut hasher);
    }
    format!("auth_template_{:016x}", hasher.finish())
}

/// Makes the template, unless another process has made it meanwhile.
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

/// A connection from which databases are made.
struct Admin {
    client: Client,
    /// Whether the server can be told how to copy a database (PostgreSQL 15).
    has_strategies: bool,
}

impl Admin {
    async fn connect(url: &str) -> Self {
        let (client, connection) = open(url).await;
        // "15.18 (Debian 15.18-0+deb12u1)"
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

/// Replaces the database in a URL.
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
