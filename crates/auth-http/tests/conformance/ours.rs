//! The `auth-server` binary as a process of its own, set up through its environment as an operator would.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::database::Database;
use crate::http::{self, Request};

/// Settings under which this server answers what Better Auth does: the client's address comes from where
/// Better Auth takes it.
pub(crate) const BETTER_AUTHS_ANSWERS: [(&str, &str); 3] = [
    ("AUTH__PROXIES__TRUSTED", "127.0.0.1"),
    ("AUTH__SESSION__ACCESS_TOKEN_IN_SESSION", "false"),
    ("AUTH__SESSION__ANONYMOUS_GET_SESSION", "null"),
];

/// Hashes as cheap as they get, for tests about something else; `node/options.mjs` has the same for Better Auth.
pub(crate) const CHEAP_HASHES: [(&str, &str); 2] =
    [("AUTH__PASSWORD__ARGON2__MEMORY_KIB", "8"), ("AUTH__PASSWORD__ARGON2__ITERATIONS", "1")];

/// Both.
pub(crate) fn cheap_and_alike() -> Vec<(&'static str, &'static str)> {
    [&BETTER_AUTHS_ANSWERS[..], &CHEAP_HASHES].concat()
}

/// How long the server may take to answer its first request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A secret that no other test has: 48 letters and digits.
pub(crate) fn random_secret() -> String {
    rand::rng().sample_iter(Alphanumeric).take(48).map(char::from).collect()
}

fn command(database: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_auth-server"));
    command.env_clear();
    for name in ["PATH", "HOME", "TMPDIR", "SystemRoot", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("DATABASE_URL", database.url());
    command
}

/// Runs `auth-server migrate <action>` to its end.
pub(crate) fn migrate(database: &Database, action: &str) -> Output {
    migrate_with(database, action, &[])
}

/// The same, with `settings` as environment variables.
pub(crate) fn migrate_with(database: &Database, action: &str, settings: &[(&str, &str)]) -> Output {
    run(database, &random_secret(), &["migrate", action], settings)
}

/// Runs `auth-server` with these words to its end.
pub(crate) fn run(database: &Database, secret: &str, words: &[&str], settings: &[(&str, &str)]) -> Output {
    command(database)
        .args(words)
        .env("BETTER_AUTH_URL", "http://127.0.0.1:3000")
        .env("BETTER_AUTH_SECRET", secret)
        .envs(settings.iter().copied())
        .output()
        .expect("auth-server starts")
}

/// A live server of this project. Dropping it ends the process, and prints its log if the test failed.
pub(crate) struct Ours {
    child: Child,
    log: Arc<Mutex<Vec<u8>>>,
    origin: String,
    secret: String,
}

impl Ours {
    /// Starts with the shipped settings and Better Auth's password text, as `password.hasher` must be
    /// where a Node server signs users in too.
    pub(crate) fn start(database: &Database, secret: &str) -> Self {
        Self::start_with(database, secret, &[("AUTH__PASSWORD__HASHER", "scrypt")])
    }

    /// Starts with the shipped settings and `settings` as environment variables.
    pub(crate) fn start_with(database: &Database, secret: &str, settings: &[(&str, &str)]) -> Self {
        // The origin must be known before the server starts, so the port is chosen here. Another process
        // may take it in between; then the next one is tried.
        for _ in 0..5 {
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
            if let Some(server) = Self::try_start(database, secret, settings, port) {
                return server;
            }
        }
        panic!("auth-server did not start five times in a row");
    }

    fn try_start(database: &Database, secret: &str, settings: &[(&str, &str)], port: u16) -> Option<Self> {
        let origin = format!("http://127.0.0.1:{port}");
        let mut child = command(database)
            .env("PORT", port.to_string())
            .env("BETTER_AUTH_URL", &origin)
            .env("BETTER_AUTH_SECRET", secret)
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("auth-server starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        collect(child.stdout.take().expect("piped"), &log);
        collect(child.stderr.take().expect("piped"), &log);
        let mut server = Self { child, log, origin, secret: secret.to_owned() };
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let answer = http::try_send(&server.origin, &Request::get("/readyz"));
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Some(server);
            }
            if server.child.try_wait().expect("a child to ask").is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        eprintln!("auth-server did not become ready:\n{}", server.log());
        None
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.lock().expect("no writer panicked")).into_owned()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.origin, self.log());
        }
    }
}

fn collect(mut stream: impl Read + Send + 'static, log: &Arc<Mutex<Vec<u8>>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            log.lock().expect("no reader panicked").extend_from_slice(&buffer[..read]);
        }
    });
}
