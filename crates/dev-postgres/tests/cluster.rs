//! Clusters of the real PostgreSQL: made, stopped, killed, frozen, restarted, found again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dev_postgres::{Binaries, Cluster, ClusterOptions, Error, StopMode, Tcp, erase, sweep};

/// A folder of one test, removed when the test passes.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        // The database's user may not reach the workspace, as in a clone below `/root`.
        let base = dev_postgres::reachable_folder(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        let dir = base.join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// Runs one statement with psql; the error is what psql printed.
fn query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(psql())
        .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, url])
        .env("PGCONNECT_TIMEOUT", "2")
        .env_remove("PGPASSWORD")
        .output()
        .expect("psql runs");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn psql() -> PathBuf {
    let beside = Binaries::find().unwrap().program("psql");
    if beside.is_file() { beside } else { PathBuf::from("psql") }
}

/// Options of tests in which `initdb` is not the subject: their data are copies of one template.
fn copied(options: ClusterOptions) -> ClusterOptions {
    ClusterOptions { template: Some(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))), ..options }
}

fn throw_away_options(scratch: &Scratch) -> ClusterOptions {
    copied(ClusterOptions::throw_away_in(&scratch.0))
}

fn durable_options(scratch: &Scratch) -> ClusterOptions {
    copied(ClusterOptions::durable(scratch.0.join("postgres")))
}

fn throw_away(scratch: &Scratch) -> Cluster {
    Cluster::start(throw_away_options(scratch)).unwrap()
}

#[test]
fn clusters_that_start_at_once_are_copies_of_one_template() {
    let scratch = Scratch::new("template");
    let options = || ClusterOptions {
        template: Some(scratch.0.join("template")),
        ..ClusterOptions::throw_away_in(&scratch.0)
    };
    let started: Vec<Cluster> = thread::scope(|scope| {
        let start = || Cluster::start(options()).unwrap();
        let threads = [scope.spawn(start), scope.spawn(start), scope.spawn(start)];
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let identifier = "select system_identifier from pg_control_system()";
    let identifiers: Vec<String> =
        started.iter().map(|cluster| query(&cluster.admin_url(), identifier).unwrap()).collect();
    assert!(identifiers.iter().all(|found| *found == identifiers[0]), "one initdb: {identifiers:?}");
    query(&started[0].admin_url(), "create table t ()").unwrap();
    assert!(query(&started[1].admin_url(), "select from t").unwrap_err().contains("does not exist"));

    let next = Cluster::start(options()).unwrap();
    assert!(query(&next.admin_url(), "select from t").unwrap_err().contains("does not exist"));
    assert_eq!(query(&next.admin_url(), identifier).unwrap(), identifiers[0]);
}

#[test]
fn a_throw_away_cluster_answers_and_leaves_nothing() {
    let scratch = Scratch::new("throw-away");
    let cluster = throw_away(&scratch);
    assert_eq!(query(&cluster.admin_url(), "select 1 + 1").unwrap(), "2");
    assert_eq!(query(&cluster.admin_url(), "show fsync").unwrap(), "off");
    assert_eq!(query(&cluster.admin_url(), "show listen_addresses").unwrap(), "");
    let (dir, socket) = (cluster.dir().to_owned(), cluster.socket_dir().to_owned());
    assert!(dir.exists() && socket.exists());
    drop(cluster);
    assert!(!dir.exists() && !socket.exists());
}

#[test]
fn a_durable_cluster_keeps_its_data() {
    let scratch = Scratch::new("durable");
    let options = ClusterOptions::durable(scratch.0.join("postgres"));
    let cluster = Cluster::start(options.clone()).unwrap();
    query(&cluster.admin_url(), "create database \"odd name%\"").unwrap();
    query(&cluster.url("odd name%"), "create table t as select 42 as n").unwrap();
    assert_eq!(query(&cluster.admin_url(), "show fsync").unwrap(), "on");
    drop(cluster);

    let mut said = Vec::new();
    let cluster = Cluster::start_with(options, &mut |line| said.push(line.to_owned())).unwrap();
    assert!(!said.iter().any(|line| line.contains("making") || line.contains("recovers")), "{said:?}");
    assert_eq!(query(&cluster.url("odd name%"), "select n from t").unwrap(), "42");
    let dir = cluster.dir().to_owned();
    drop(cluster);
    erase(&dir).unwrap();
    assert!(!dir.exists());
}

#[test]
fn a_folder_in_use_is_refused_and_cannot_be_erased() {
    let scratch = Scratch::new("in-use");
    let options = durable_options(&scratch);
    let cluster = Cluster::start(options.clone()).unwrap();
    assert!(matches!(Cluster::start(options.clone()), Err(Error::InUse { .. })));
    assert!(matches!(erase(&options.dir), Err(Error::InUse { .. })));
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
}

#[test]
fn a_stale_lock_file_is_recognised() {
    let scratch = Scratch::new("stale");
    let options = durable_options(&scratch);
    let cluster = Cluster::start(options.clone()).unwrap();
    let data = cluster.dir().join("data");
    drop(cluster);
    // What a crash leaves, with a number that another program (this one) has by now.
    let text =
        format!("{}\n{}\n1700000000\n5432\n/nowhere\n\n0 0\nready\n", std::process::id(), data.display());
    fs::write(data.join("postmaster.pid"), text).unwrap();

    let mut said = Vec::new();
    let cluster = Cluster::start_with(options, &mut |line| said.push(line.to_owned())).unwrap();
    assert!(said.iter().any(|line| line.contains("recovers")), "{said:?}");
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
}

#[test]
fn a_killed_cluster_restarts_where_it_was() {
    let scratch = Scratch::new("killed");
    let cluster = Cluster::start(ClusterOptions { tcp: Tcp::Free, ..throw_away_options(&scratch) }).unwrap();
    let (socket, tcp) = (cluster.admin_url(), cluster.tcp_url("postgres").unwrap());
    query(&socket, "create table t as select 1 as n").unwrap();
    query(&socket, "checkpoint").unwrap();
    let busy = {
        let url = socket.clone();
        thread::spawn(move || query(&url, "select pg_sleep(30)"))
    };
    wait_for_sessions(&tcp, "pg_sleep");
    cluster.kill().unwrap();
    assert!(!cluster.is_running());
    assert!(busy.join().unwrap().is_err(), "the session died with the server");
    assert!(query(&socket, "select 1").is_err());
    assert!(matches!(cluster.pause(), Err(Error::NotRunning { .. })));

    cluster.restart().unwrap();
    assert!(cluster.is_running());
    assert_eq!(query(&socket, "select n from t").unwrap(), "1");
    assert_eq!(query(&tcp, "select n from t").unwrap(), "1");
}

fn wait_for_sessions(url: &str, text: &str) {
    let sql = format!(
        "select count(*) from pg_stat_activity where query like '%{text}%' and pid <> pg_backend_pid()"
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    while query(url, &sql).unwrap() == "0" {
        assert!(Instant::now() < deadline, "no session runs {text}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_frozen_cluster_answers_after_it_is_resumed() {
    let scratch = Scratch::new("frozen");
    let cluster = Arc::new(throw_away(&scratch));
    let url = cluster.admin_url();
    cluster.pause().unwrap();
    assert!(cluster.is_running());
    let waiting = {
        let url = url.clone();
        thread::spawn(move || query(&format!("{url}?connect_timeout=30"), "select 7"))
    };
    assert!(query(&url, "select 1").unwrap_err().contains("timeout"));
    cluster.resume().unwrap();
    assert_eq!(waiting.join().unwrap().unwrap(), "7");

    // A frozen server can be stopped, too.
    cluster.pause().unwrap();
    cluster.stop(StopMode::Fast).unwrap();
    assert!(!cluster.is_running());
}

#[test]
fn the_cluster_outlives_the_thread_that_started_it() {
    let scratch = Scratch::new("thread");
    let cluster = thread::scope(|scope| scope.spawn(|| throw_away(&scratch)).join().unwrap());
    thread::sleep(Duration::from_millis(200));
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
}

/// As root, whose database runs as another user: that user cannot pass a folder with mode 0700.
#[test]
fn a_closed_folder_is_no_obstacle() {
    let scratch = Scratch::new("closed");
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    let options = ClusterOptions::durable(scratch.0.join("below/postgres"));
    let mut said = Vec::new();
    let cluster = Cluster::start_with(options.clone(), &mut |line| said.push(line.to_owned())).unwrap();
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
    let moved = !cluster.dir().starts_with(&scratch.0);
    assert_eq!(moved, cluster.account().dropped_to().is_some());
    assert_eq!(moved, said.iter().any(|line| line.contains("cannot be reached")), "{said:?}");
    drop(cluster);
    erase(&options.dir).unwrap();
    assert!(!dev_postgres::reachable_folder(&options.dir).unwrap().exists());
}

#[test]
fn a_long_path_gets_a_socket_that_works() {
    let scratch = Scratch::new("long");
    let parent = scratch.0.join("d".repeat(100));
    let cluster = Cluster::start(copied(ClusterOptions::throw_away_in(&parent))).unwrap();
    let socket = cluster.socket_dir().to_owned();
    assert!(socket.starts_with("/tmp"));
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
    drop(cluster);
    assert!(!socket.exists());
}

#[test]
fn a_taken_port_is_named() {
    let scratch = Scratch::new("port");
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let options = ClusterOptions { tcp: Tcp::Port(port), ..throw_away_options(&scratch) };
    match Cluster::start(options) {
        Err(Error::PortTaken { port: named }) => assert_eq!(named, port),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_password_is_asked_for_over_tcp_alone() {
    let scratch = Scratch::new("password");
    let options = ClusterOptions {
        tcp: Tcp::Free,
        tcp_password: Some("p@ss word/1".to_owned()),
        ..throw_away_options(&scratch)
    };
    let cluster = Cluster::start(options).unwrap();
    let url = cluster.tcp_url("postgres").unwrap();
    assert_eq!(query(&url, "select 1").unwrap(), "1");
    assert!(query(&url.replace("p%40ss", "wrong"), "select 1").unwrap_err().contains("password"));
    assert_eq!(query(&cluster.admin_url(), "select 1").unwrap(), "1");
    assert!(!cluster.dir().join("password").exists());
}

#[test]
fn further_settings_win() {
    let scratch = Scratch::new("settings");
    let options = ClusterOptions {
        max_connections: 33,
        settings: vec![("work_mem".to_owned(), "9MB".to_owned()), ("fsync".to_owned(), "on".to_owned())],
        ..throw_away_options(&scratch)
    };
    let cluster = Cluster::start(options).unwrap();
    let shown = query(
        &cluster.admin_url(),
        "select current_setting('max_connections'), current_setting('work_mem'), current_setting('fsync')",
    );
    assert_eq!(shown.unwrap(), "33|9MB|on");
}

#[test]
fn a_wrong_setting_gives_the_servers_own_words() {
    let scratch = Scratch::new("wrong-setting");
    let options = ClusterOptions {
        settings: vec![("no_such_setting".to_owned(), "1".to_owned())],
        ..throw_away_options(&scratch)
    };
    let error = Cluster::start(options).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
fn data_of_another_version_is_explained() {
    let scratch = Scratch::new("version");
    let options = durable_options(&scratch);
    let cluster = Cluster::start(options.clone()).unwrap();
    let file = cluster.dir().join("data/PG_VERSION");
    drop(cluster);
    fs::write(file, "7\n").unwrap();
    match Cluster::start(options) {
        Err(Error::VersionMismatch { data, .. }) => assert_eq!(data, "7"),
        other => panic!("{other:?}"),
    }
}

/// The other process of the next test: starts a cluster, says where, and waits to be killed.
#[test]
fn child_process_that_waits_to_be_killed() {
    let Some(dir) = std::env::var_os("DEV_POSTGRES_TEST_CHILD") else {
        return;
    };
    let cluster = Cluster::start(copied(ClusterOptions::throw_away_in(PathBuf::from(dir)))).unwrap();
    fs::write(cluster.dir().join("started"), cluster.admin_url()).unwrap();
    thread::sleep(Duration::from_secs(120));
}

#[test]
fn a_killed_parent_takes_its_cluster_along_and_the_folder_is_swept() {
    let scratch = Scratch::new("parent");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_process_that_waits_to_be_killed"])
        .env("DEV_POSTGRES_TEST_CHILD", &scratch.0)
        .spawn()
        .unwrap();
    let parent = dev_postgres::reachable_folder(&scratch.0).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let dir = loop {
        let started = fs::read_dir(&parent).unwrap().flatten().map(|entry| entry.path());
        if let Some(dir) = started.into_iter().find(|dir| dir.join("started").exists()) {
            break dir;
        }
        assert!(Instant::now() < deadline, "the child did not start a cluster");
        thread::sleep(Duration::from_millis(20));
    };
    let url = fs::read_to_string(dir.join("started")).unwrap();
    assert_eq!(query(&url, "select 1").unwrap(), "1");
    assert_eq!(sweep(&scratch.0).unwrap(), 0, "a cluster in use is not swept");

    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while query(&url, "select 1").is_ok() {
        assert!(Instant::now() < deadline, "the server outlived its parent");
        thread::sleep(Duration::from_millis(20));
    }
    fs::File::open(&dir)
        .unwrap()
        .set_modified(std::time::SystemTime::now() - Duration::from_secs(60))
        .unwrap();
    assert_eq!(sweep(&scratch.0).unwrap(), 1);
    assert!(!dir.exists());
}
