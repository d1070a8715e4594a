//! This server, set up through its environment as an operator would: on a port of the test's process, so that its clock
//! can be moved, or as the command `auth-server`.

use std::io::Write;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Mutex, Once, PoisonError};

use auth_http::StartError;
use auth_http::settings::Environment;
use rand::RngExt;
use rand::distr::Alphanumeric;
use test_support::{Server, StartFailure};
use time::{Duration, OffsetDateTime};

use crate::database::Database;

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

/// Deadlines that a machine with much else to do does not miss; Better Auth has none.
const PATIENCE: [(&str, &str); 6] = [
    ("AUTH__DATABASE__ACQUIRE_TIMEOUT", "60s"),
    ("AUTH__DATABASE__CONNECT_TIMEOUT", "60s"),
    ("AUTH__DATABASE__OPERATION_TIMEOUT", "60s"),
    ("AUTH__DATABASE__STATEMENT_TIMEOUT", "60s"),
    ("AUTH__DATABASE__LOCK_TIMEOUT", "60s"),
    ("AUTH__SERVER__HANDLER_TIMEOUT", "60s"),
];

/// Those that are cheap and answer alike.
pub(crate) fn cheap_and_alike() -> Vec<(&'static str, &'static str)> {
    [&BETTER_AUTHS_ANSWERS[..], &CHEAP_HASHES].concat()
}

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

/// A live server of this project. Dropping it ends it, and prints the log if the test failed.
pub(crate) struct Ours {
    server: Server,
    origin: String,
    secret: String,
}

impl Ours {
    /// Starts with the shipped settings and hashes that cost nothing.
    pub(crate) fn start(database: &Database, secret: &str) -> Self {
        Self::start_with(database, secret, &CHEAP_HASHES)
    }

    /// Starts with the shipped settings and `settings` as environment variables.
    pub(crate) fn start_with(database: &Database, secret: &str, settings: &[(&str, &str)]) -> Self {
        collect_log();
        // The origin must be known before the server starts, so the port is chosen here. Another process
        // may take it in between; then the next one is tried.
        for _ in 0..5 {
            let port =
                TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
            let origin = format!("http://127.0.0.1:{port}");
            let mut environment = Environment::default()
                .with("DATABASE_URL", database.url())
                .with("PORT", port.to_string())
                .with("BETTER_AUTH_URL", &origin)
                .with("BETTER_AUTH_SECRET", secret)
                .with("AUTH__SERVER__WORKERS", "1");
            for (name, value) in PATIENCE.iter().chain(settings) {
                environment = environment.with(*name, *value);
            }
            match Server::start(environment) {
                Ok(server) => return Self { server, origin, secret: secret.to_owned() },
                Err(StartFailure::Build(StartError::Listen { .. })) => {}
                Err(failure) => panic!("{failure:?}"),
            }
        }
        panic!("five ports in a row were taken");
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Moves this server's clock forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.server.clock().advance(by);
    }

    /// Stops this server's clock at a moment, from which only [`advance`](Self::advance) moves it.
    pub(crate) fn stop_clock(&self, at: OffsetDateTime) {
        self.server.clock().stop_at(at);
    }

    /// What the servers of this process have logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of {}:\n{}", self.origin, self.log());
        }
    }
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Has the servers of this process write into [`LOG`].
fn collect_log() {
    struct Collector;

    impl Write for Collector {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            LOG.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_ansi(false).with_writer(|| Collector).init();
    });
}
