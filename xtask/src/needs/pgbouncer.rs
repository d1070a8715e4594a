//! Two PgBouncer releases: one without support for prepared statements, one with it.
//!
//! They come from two Debian releases. Each runs with the loader and libraries of its own release, so both
//! run on either release and on other systems that have apt.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::{self, Selection};
use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, target_dir};

/// A Debian release, and the variable that names a PgBouncer to use instead of its package.
pub(super) struct Release {
    name: &'static str,
    variable: &'static str,
}

/// Debian 12: PgBouncer 1.18, which does not track prepared statements in transaction mode.
pub(super) const OLD: Release = Release { name: "bookworm", variable: "AUTH_TEST_PGBOUNCER_OLD" };

/// Debian 13: PgBouncer 1.24, which tracks prepared statements for each client.
pub(super) const NEW: Release = Release { name: "trixie", variable: "AUTH_TEST_PGBOUNCER_NEW" };

/// Unpacks the release's PgBouncer unless it is already there, and returns a script that runs it.
pub(super) fn install(release: &Release) -> Result<PathBuf, Failure> {
    // PgBouncer refuses to run as root, so its folder must be reachable by another user.
    let folder = dev_postgres::reachable_folder(
        &target_dir().join("tools").join(format!("pgbouncer-{}", release.name)),
    )?;
    let script = folder.join("pgbouncer");
    if version(&script).is_ok() {
        return Ok(script);
    }
    say(&format!("PgBouncer of Debian {} in {}", release.name, folder.display()));
    let way_out = |failure: Failure| {
        Failure::new(format!(
            "cannot get PgBouncer of Debian {}: {failure}\nname a pgbouncer program in {}, or leave these tests out with `cargo xtask test --without pgbouncer`",
            release.name, release.variable
        ))
    };
    let tree = folder.join("root");
    let _ = fs::remove_dir_all(&tree);
    let selection = Selection { release: release.name, packages: &["pgbouncer"], without: &[] };
    apt::unpack(&selection, &tree).map_err(way_out)?;
    write_script(&script, &tree).map_err(way_out)?;
    let found = version(&script).map_err(way_out)?;
    say(&found);
    Ok(script)
}

fn version(script: &Path) -> Result<String, Failure> {
    let text = capture(Command::new(script).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Writes a script that starts the program with the loader and libraries of its release.
fn write_script(script: &Path, tree: &Path) -> Result<(), Failure> {
    let folders = apt::library_folders(tree);
    let loader = folders.iter().find_map(|folder| loader_in(folder));
    let loader = loader.ok_or_else(|| Failure::new("the packages hold no loader"))?;
    let libraries: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let text = format!(
        "#!/bin/sh\nexec '{}' --library-path '{}' '{}' \"$@\"\n",
        loader.display(),
        libraries.join(":"),
        tree.join("usr/sbin/pgbouncer").display()
    );
    let put =
        fs::write(script, text).and_then(|()| fs::set_permissions(script, fs::Permissions::from_mode(0o755)));
    put.map_err(|error| Failure::because(format!("cannot write {}", script.display()), error))
}

fn loader_in(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?;
    let mut files = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    files.find(|file| file.file_name().to_string_lossy().starts_with("ld-linux")).map(|file| file.path())
}
