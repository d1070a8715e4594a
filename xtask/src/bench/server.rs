//! The measured server, with a private database.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use dev_postgres::Cluster;
use dev_postgres::process::{Signal, dying_with_parent};
use serde_json::json;

use super::cpu::cpu_time;
use super::load::{Client, get, post};
use crate::database::{binaries, say, throw_away};
use crate::dev::server::migrate;
use crate::failure::Failure;
use crate::openssl::Openssl;
use crate::shell::{cargo, run, target_dir};

/// The secret of the measured servers, which are discarded together with their data.
pub(super) const SECRET: &str = "bench-only-secret-4Jd8KvWq2RzT6mXc9PnB";

/// The start fails after this time.
const START_LIMIT: Duration = Duration::from_secs(30);

/// A built server and a migrated database.
pub(super) struct Bench {
    program: PathBuf,
    pub(super) cluster: Cluster,
}

/// A running server, killed on drop.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
}

impl Bench {
    /// Builds the server, unless `program` is given, and migrates an empty database.
    pub(super) fn prepare(profile: &str, program: Option<PathBuf>) -> Result<Self, Failure> {
        let program = match program {
            Some(program) => program,
            None => build("auth-http", "auth-server", profile)?,
        };
        let cluster = throw_away(&binaries()?)?;
        migrate(&program, &["up"], Some(&cluster.admin_url()))?;
        Ok(Self { program, cluster })
    }

    /// A command of the server's program whose environment is the database, fixed settings and `changes`.
    pub(super) fn command(&self, changes: &[(&str, &str)]) -> Command {
        let mut command = dying_with_parent(&self.program, Signal::Kill);
        command
            .env_clear()
            .env("DATABASE_URL", self.cluster.admin_url())
            .env("BETTER_AUTH_SECRET", SECRET)
            .env("BETTER_AUTH_URL", "http://localhost:3000")
            .env("AUTH__LOG__FILTER", "warn")
            .env("AUTH__CLEANUP__INTERVAL", "0s")
            .envs(changes.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// Starts a server and waits until it is ready.
    pub(super) fn start(&self, changes: &[(&str, &str)]) -> Result<Server, Failure> {
        Server::start(&mut self.command(changes), "/readyz")
    }
}

/// Builds a program of the workspace and returns its path.
pub(super) fn build(package: &str, program: &str, profile: &str) -> Result<PathBuf, Failure> {
    say(&format!("building {program}, profile {profile}"));
    let mut build = cargo(["build", "--package", package, "--bin", program, "--locked"]);
    if package == "auth-http" {
        Openssl::look().prepare(&mut build)?;
    }
    build.args(["--profile", profile]).arg("--target-dir").arg(target_dir());
    run(&mut build)?;
    let folder = if profile == "dev" { "debug" } else { profile };
    Ok(target_dir().join(folder).join(program))
}

impl Server {
    /// Starts a program that listens on the port in `PORT`, and waits until `probe` answers with status 200.
    pub(super) fn start(command: &mut Command, probe: &str) -> Result<Self, Failure> {
        let cannot = |error| Failure::because("cannot start the server", error);
        let address = TcpListener::bind(("127.0.0.1", 0)).and_then(|it| it.local_addr()).map_err(cannot)?;
        let child = command.env("PORT", address.port().to_string()).spawn().map_err(cannot)?;
        let server = Self { child, address };
        let deadline = Instant::now() + START_LIMIT;
        let probe = get(probe, "");
        while !Client::new(address).send(&probe).is_ok_and(|answer| answer.status == 200) {
            if Instant::now() > deadline {
                return Err(Failure::new("the server does not become ready; its messages are above"));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Registers a user and returns a request that reads its session.
    pub(super) fn session_read(&self) -> Result<String, Failure> {
        let body = json!({"email": "bench@example.com", "password": "correct horse battery staple"});
        let answer = Client::new(self.address).send(&post("/api/auth/register", "", &body))?;
        if answer.status != 201 {
            return Err(Failure::new(format!("registering was answered {}", answer.status)));
        }
        Ok(get("/api/auth/get-session", &format!("cookie: {}\r\n", answer.cookies)))
    }

    /// Resident memory in KiB, from the kernel (`VmRSS` of Linux).
    pub(super) fn resident_kib(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            fs::read_to_string(&path).map_err(|error| Failure::because("this needs Linux's /proc", error))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok());
        number.ok_or_else(|| Failure::new(format!("{path} does not say VmRSS")))
    }

    /// CPU time used by the process.
    pub(super) fn cpu_time(&self) -> Result<Duration, Failure> {
        cpu_time(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
