//! `cargo xtask dev`: starts the server on a private PostgreSQL, from a fresh clone.
//!
//! All files are under `.dev/` and stay until `--reset`. If the caller is root and the database's
//! unprivileged user cannot reach that folder, the database is elsewhere and a message says where.

mod secret;
pub(crate) mod server;

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use dev_postgres::{Cluster, ClusterOptions, StopMode, erase};

use crate::database::{binaries, block_on, connect, say};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::shell::root;
use server::Server;

/// Options of `cargo xtask dev`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Removes the private database and the secret before starting
    #[arg(long)]
    reset: bool,
    /// Port of the server on 127.0.0.1
    #[arg(long, default_value_t = 3000)]
    port: u16,
}

/// Name of the private database; the SQL in `create_database` repeats it.
const DATABASE: &str = "auth";

/// Runs until Ctrl-C or until the server exits.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let begun = Instant::now();
    let interrupt = Interrupt::listen()?;
    let folder = root().join(".dev");
    check_port(options.port)?;
    if options.reset {
        reset(&folder)?;
    }
    let program = server::build()?;
    let ready_after_build = Instant::now();
    if interrupt.requested() {
        return Ok(());
    }
    let database = Database::open(&folder)?;
    // The user's own database is named by the environment, together with its direct (unpooled) address.
    let private = database.cluster.is_some().then_some(database.url.as_str());
    server::migrate(&program, &["up"], private)?;
    let secret = secret::file(&folder)?;
    let mut server = Server::start(&program, options.port, &database.url, secret.as_deref())?;
    server.wait_until_healthy(&interrupt)?;
    if interrupt.requested() {
        return stop(server, database, &interrupt);
    }
    println!(
        "\nThe server runs on {} (ready in {:.1} s, {:.1} s of it after the build). Ctrl-C stops it; the data stays in {}.",
        server.base_url(),
        begun.elapsed().as_secs_f64(),
        ready_after_build.elapsed().as_secs_f64(),
        database.place()
    );
    println!("Try, line by line in another terminal:\n\n{}\n", lines_to_paste(&server.base_url()));
    loop {
        if interrupt.requested() {
            return stop(server, database, &interrupt);
        }
        if let Some(status) = server.ended() {
            return Err(Failure::new(format!(
                "the server ended by itself ({status}); its messages are above"
            )));
        }
        if database.cluster.as_ref().is_some_and(|cluster| !cluster.is_running()) {
            let log = database.cluster.as_ref().map(Cluster::log).unwrap_or_default();
            return Err(Failure::new(format!("the database ended by itself; its messages:\n{log}")));
        }
        sleep(Duration::from_millis(50));
    }
}

/// Shell commands that try the five routes of the token API; the README shows the same lines.
fn lines_to_paste(base_url: &str) -> String {
    let user = r#"'{"email":"ann@example.com","password":"correct horse"}'"#;
    [
        format!("B={base_url}/api/auth; J='content-type: application/json'"),
        format!(r#"curl -s $B/register -H "$J" -d {user}; echo"#),
        format!(r#"T=$(curl -s $B/login -H "$J" -d {user} | sed 's/.*"accessToken":"\([^"]*\)".*/\1/')"#),
        r#"curl -s $B/get-session -H "authorization: Bearer $T"; echo"#.to_owned(),
        r#"curl -s $B/user -H "authorization: Bearer $T"; echo"#.to_owned(),
        r#"curl -s -X POST $B/logout -H "authorization: Bearer $T"; echo"#.to_owned(),
    ]
    .join("\n")
}

/// Stops the server, then the database, so that requests in progress can still use the database.
fn stop(server: Server, database: Database, interrupt: &Interrupt) -> Result<(), Failure> {
    println!("\nstopping: the server finishes its requests, then the database stops (Ctrl-C again to hurry)");
    server.stop(interrupt);
    if let Some(cluster) = &database.cluster {
        cluster.stop(StopMode::Fast)?;
    }
    Ok(())
}

fn check_port(port: u16) -> Result<(), Failure> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::because(
            format!(
                "port {port} on 127.0.0.1 is not free: stop the program that has it (another `cargo xtask dev`?), or choose another port with `cargo xtask dev --port {}`",
                port.checked_add(1).unwrap_or(3001)
            ),
            error,
        )),
    }
}

fn reset(folder: &std::path::Path) -> Result<(), Failure> {
    if own_database().is_some() {
        return Err(Failure::new(
            "--reset removes the private database, but DATABASE_URL names one of your own, which stays untouched: unset the variable or leave --reset out",
        ));
    }
    say("removing the private database and the secret");
    erase(&cluster_folder(folder))?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::because(format!("cannot remove {}", folder.display()), error))
        }
        _ => Ok(()),
    }
}

fn own_database() -> Option<String> {
    env::var("DATABASE_URL").ok().filter(|url| !url.is_empty())
}

fn cluster_folder(folder: &std::path::Path) -> PathBuf {
    folder.join("postgres")
}

/// The database to use: the user's own (`DATABASE_URL`) or the private one.
struct Database {
    url: String,
    cluster: Option<Cluster>,
}

impl Database {
    fn open(folder: &std::path::Path) -> Result<Self, Failure> {
        if let Some(url) = own_database() {
            say("using the database in DATABASE_URL");
            return Ok(Self { url, cluster: None });
        }
        fs::create_dir_all(folder)
            .map_err(|error| Failure::because(format!("cannot make {}", folder.display()), error))?;
        let mut options = ClusterOptions::durable(cluster_folder(folder));
        options.binaries = Some(binaries()?);
        let cluster = Cluster::start_with(options, &mut say)?;
        let url = cluster.url(DATABASE);
        create_database(&cluster.admin_url())?;
        Ok(Self { url, cluster: Some(cluster) })
    }

    /// The location of the data, for messages.
    fn place(&self) -> String {
        let own = || "the database in DATABASE_URL".to_owned();
        self.cluster.as_ref().map_or_else(own, |cluster| cluster.dir().display().to_string())
    }
}

/// Creates the private database unless it exists.
fn create_database(admin_url: &str) -> Result<(), Failure> {
    block_on(async {
        let client = connect(admin_url).await?;
        let cannot = |error| Failure::because("cannot make the private database", error);
        let found = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&DATABASE]).await;
        if found.map_err(cannot)?.is_none() {
            client.batch_execute("CREATE DATABASE auth").await.map_err(cannot)?;
        }
        Ok(())
    })?
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_readme_shows_the_lines_that_dev_prints() {
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        assert!(readme.contains(&lines_to_paste("http://127.0.0.1:3000")));
    }
}
