//! The reference server's packages, as its lock file pins them, and the process that serves them.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{root, run, target_dir, which};

/// Where the conformance tests keep their `package.json`.
const FOLDER: &str = "crates/auth-http/tests/conformance/node";

/// What the Node process prints, in the target folder.
const LOG: &str = "node.log";

/// Past this the Node process is killed; it ends in some milliseconds.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Where the packages are once they are installed.
pub(super) fn folder() -> PathBuf {
    root().join(FOLDER)
}

/// Runs `npm ci` unless it has run since the lock file changed.
pub(super) fn install() -> Result<(), Failure> {
    let folder = folder();
    if !folder.join("package.json").is_file() {
        return Ok(());
    }
    let changed =
        |name: &str| -> Option<SystemTime> { fs::metadata(folder.join(name)).ok()?.modified().ok() };
    // npm writes this file last.
    let installed = changed("node_modules/.package-lock.json");
    if installed.is_some() && installed >= changed("package-lock.json") {
        return Ok(());
    }
    if which("npm").is_none() {
        return Err(Failure::new(
            "the conformance tests need Node 20 or newer and npm: install them, or leave these tests out with `cargo xtask test --without node`",
        ));
    }
    say(&format!("npm ci in {FOLDER}"));
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder))
}

/// The Node process that holds the Better Auth servers of all tests; it ends with the value.
pub(crate) struct NodeHost {
    process: Child,
    address: String,
}

impl NodeHost {
    /// Starts it in a folder that has the scripts and the packages.
    pub(super) fn start(folder: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::because("cannot start the Node process of the tests", error);
        let mut command = Command::new("node");
        // Better Auth reads a dozen variables of its environment; a developer's must not reach the tests.
        command.env_clear();
        for name in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        // Better Auth logs what it refuses, which is most of what the tests send.
        let log = File::create(target_dir().join(LOG)).map_err(failed)?;
        command.current_dir(folder).arg("host.mjs");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().map_err(failed)?;
        let mut line = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(failed)?;
        }
        let told: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        match told.get("port").and_then(serde_json::Value::as_u64) {
            Some(port) => Ok(Self { process, address: format!("http://127.0.0.1:{port}") }),
            None => {
                Err(Failure::new("the Node process of the tests ended by itself; its messages are above"))
            }
        }
    }

    /// Where it takes requests.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for NodeHost {
    fn drop(&mut self) {
        // It ends with its standard input, and takes the browser along that it may have started.
        drop(self.process.stdin.take());
        let deadline = Instant::now() + STOP_LIMIT;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
