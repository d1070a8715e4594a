//! Chromium, for the tests that run Better Auth's client library in a web page.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::apt::{self, Selection};
use crate::database::say;
use crate::failure::Failure;
use crate::shell::{capture, target_dir, which};

/// Program names of Chromium on different systems.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// From an old Debian release: it runs with the system's C library, which must be at least as new as the
/// release's. Chromium cannot run through its own loader as PgBouncer does, because it starts its helper
/// processes through the path of its executable, which would then be the loader. `chromium-headless-shell` is
/// smaller, but its pages never become hidden behind others, as browser tabs do.
const PACKAGES: Selection<'_> =
    Selection { release: "bookworm", packages: &["chromium", "chromium-common"], without: &["libc6"] };

/// Finds the browser on the PATH, or unpacks Debian's package into `target/`.
pub(super) fn install() -> Result<PathBuf, Failure> {
    if let Some(program) = PROGRAMS.into_iter().find_map(which) {
        return Ok(program);
    }
    let folder = target_dir().join("tools").join("chromium");
    let script = folder.join("chromium");
    if version(&script).is_ok() {
        return Ok(script);
    }
    say(&format!("Chromium of Debian {} in {}", PACKAGES.release, folder.display()));
    let way_out = |failure: Failure| {
        Failure::new(format!(
            "cannot get Chromium of Debian {}: {failure}\ninstall a Chromium (Debian: sudo apt-get install chromium), name one in AUTH_TEST_CHROMIUM, or leave the browser tests out with `cargo xtask test --without chromium`",
            PACKAGES.release
        ))
    };
    let tree = folder.join("root");
    let _ = fs::remove_dir_all(&tree);
    apt::unpack(&PACKAGES, &tree).map_err(way_out)?;
    write_script(&script, &tree).map_err(way_out)?;
    say(&version(&script).map_err(way_out)?);
    Ok(script)
}

fn version(script: &Path) -> Result<String, Failure> {
    capture(Command::new(script).arg("--version")).map(|text| text.trim().to_owned())
}

/// Writes a script that starts the program with its unpacked libraries.
fn write_script(script: &Path, tree: &Path) -> Result<(), Failure> {
    let libraries: Vec<String> =
        apt::library_folders(tree).iter().map(|folder| folder.display().to_string()).collect();
    let text = format!(
        "#!/bin/sh\nexport LD_LIBRARY_PATH='{}'\nexec '{}' \"$@\"\n",
        libraries.join(":"),
        tree.join("usr/lib/chromium/chromium").display()
    );
    let put =
        fs::write(script, text).and_then(|()| fs::set_permissions(script, fs::Permissions::from_mode(0o755)));
    put.map_err(|error| Failure::because(format!("cannot write {}", script.display()), error))
}
