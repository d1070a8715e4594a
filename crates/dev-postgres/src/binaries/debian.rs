//! Installs PostgreSQL with apt-get, for root on Debian-based systems.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Progress;
use crate::account::caller_uid;
use crate::process::on_path;

/// Configuration file that prevents the package from creating and starting a cluster on port 5432. It exists
/// only during the installation.
const DROP_IN: &str = "/etc/postgresql-common/createcluster.d/dev-postgres.conf";

/// Installs the `postgresql` package; the error is the reason why it could not.
pub(super) fn install(progress: Progress<'_>) -> Result<(), String> {
    if !on_path("apt-get") {
        return Err("this is not Debian, so apt-get cannot install it".to_owned());
    }
    if caller_uid().ok() != Some(0) {
        return Err("apt-get needs root".to_owned());
    }
    progress("installing the postgresql package with apt-get (about a minute)");
    let drop_in = Path::new(DROP_IN);
    let with_drop_in = drop_in.parent().is_some_and(|dir| fs::create_dir_all(dir).is_ok())
        && fs::write(drop_in, "create_main_cluster = false\n").is_ok();
    let outcome = apt_get(&["update"])
        .and_then(|()| apt_get(&["install", "--yes", "--no-install-recommends", "postgresql"]));
    if with_drop_in {
        let _ = fs::remove_file(drop_in);
    }
    outcome
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("apt-get")
        .arg("--quiet")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("apt-get did not run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no message").to_owned();
    Err(format!("apt-get {} failed: {last}", arguments.join(" ")))
}
