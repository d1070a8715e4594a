//! The npm packages of the reference server, as pinned by its lock file, and the process that serves them.

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

/// Folder of the conformance tests' `package.json`.
const FOLDER: &str = "crates/auth-http/tests/conformance/node";

/// File in the target folder that receives the Node process's standard error.
const LOG: &str = "node.log";

/// The Node process is killed after this time; it normally exits within milliseconds.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// The folder in which the packages are installed.
pub(super) fn folder() -> PathBuf {
    root().join(FOLDER)
}

/// Runs `npm ci`, unless the packages are newer than the lock file.
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

/// The Node process that runs the Better Auth servers of all tests. It is stopped on drop.
pub(crate) struct NodeHost {
    process: Child,
    address: String,
}

impl NodeHost {
    /// Starts the process in a folder that contains the scripts and the packages.
    pub(super) fn start(folder: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::because("cannot start the Node process of the tests", error);
        let mut command = Command::new("node");
        // Better Auth reads a dozen environment variables; those of the developer must not affect the tests.
        command.env_clear();
        for name in ["PATH", "HOME", "TMPDIR"] {
            if let Some(value) = env::var_os(name) {
                command.env(name, value);
            }
        }
        // Better Auth logs each request that it refuses, and the tests send many of those.
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
            None => Err(Failure::new(format!(
                "the Node process of the tests ended by itself; its messages are in target/{LOG}"
            ))),
        }
    }

    /// The URL of the process.
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for NodeHost {
    fn drop(&mut self) {
        // The process exits when its standard input closes, and also closes the browser if it started one.
        drop(self.process.stdin.take());
        let deadline = Instant::now() + STOP_LIMIT;
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            sleep(Duration::from_millis(10));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
