//! The reference server's packages, as its lock file pins them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{root, run, which};

/// Where the conformance tests keep their `package.json`.
const FOLDER: &str = "crates/auth-http/tests/conformance/node";

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
