//! A Chromium for the tests that use Better Auth's client library as a page does.

use std::path::PathBuf;
use std::process::Command;

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, which};

/// Names under which systems have it.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// What else one can do.
const WAY_OUT: &str = "install it (Debian: sudo apt-get install chromium), name one in AUTH_TEST_CHROMIUM, or leave the tests out with `--without chromium`";

/// Finds the browser on the PATH; as root on Debian, installs its package.
pub(super) fn install() -> Result<PathBuf, Failure> {
    if let Some(program) = found() {
        return Ok(program);
    }
    let is_root = capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || which("apt-get").is_none() {
        return Err(Failure::new(format!("the browser tests need Chromium: {WAY_OUT}")));
    }
    say("installing Debian's chromium");
    let because =
        |failure: Failure| Failure::new(format!("{failure}\nthe browser tests need Chromium: {WAY_OUT}"));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        command
    };
    capture(apt().arg("update")).map_err(because)?;
    capture(apt().args(["install", "--yes", "--no-install-recommends", "chromium"])).map_err(because)?;
    found().ok_or_else(|| Failure::new(format!("the package `chromium` brought no browser: {WAY_OUT}")))
}

fn found() -> Option<PathBuf> {
    PROGRAMS.into_iter().find_map(which)
}
