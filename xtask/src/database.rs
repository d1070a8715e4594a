//! A throw-away PostgreSQL cluster for one test run or one schema check.

use std::future::Future;

use dev_postgres::{Binaries, Cluster, ClusterOptions, sweep, throw_away_parent};

use crate::failure::Failure;
use crate::shell::target_dir;

/// Several test programs share one cluster, and each has its own connection pool.
const MAX_CONNECTIONS: u16 = 300;

/// Finds PostgreSQL or installs it, and prints the steps.
pub(crate) fn binaries() -> Result<Binaries, Failure> {
    Ok(Binaries::find_or_install(&target_dir().join("tools"), &mut say)?)
}

/// Starts a cluster that is removed when the value is dropped. Removes leftovers of killed runs first.
pub(crate) fn throw_away(binaries: &Binaries) -> Result<Cluster, Failure> {
    let parent = throw_away_parent(target_dir().join("postgres"));
    let swept = sweep(&parent)?;
    if swept > 0 {
        say(&format!("removed {swept} database(s) that killed runs left behind"));
    }
    let mut options = ClusterOptions::throw_away_in(&parent);
    options.max_connections = MAX_CONNECTIONS;
    options.binaries = Some(binaries.clone());
    Ok(Cluster::start_with(options, &mut say)?)
}

/// Prints a line of progress.
pub(crate) fn say(line: &str) {
    println!("  {line}");
}

/// Blocks on a future of the database driver until it completes.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::because("cannot start a runtime", error))?;
    Ok(runtime.block_on(work))
}

/// Connects to a private cluster, which needs no TLS.
pub(crate) async fn connect(url: &str) -> Result<tokio_postgres::Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .map_err(|error| Failure::because("cannot connect to the private database", error))?;
    // This task ends when the client is dropped.
    tokio::spawn(connection);
    Ok(client)
}
