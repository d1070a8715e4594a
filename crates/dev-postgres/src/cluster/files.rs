//! Prepares the files of a cluster before its server starts: the data directory and the certificate.

use std::fs::{self, File};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::options::{ClusterOptions, Durability, TlsFiles};
use crate::account::Account;
use crate::binaries::Binaries;
use crate::error::{Attempting, Error};
use crate::folder::{FolderLock, make_own, make_private, reachable_folder};

/// Creates the data directory, from the template or with `initdb`.
pub(super) fn initialise(
    dir: &Path,
    options: &ClusterOptions,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), Error> {
    let (Some(parent), None) = (&options.template, &options.tcp_password) else {
        return run_initdb(dir, options, binaries, account);
    };
    let parent = reachable_folder(parent)?;
    fs::create_dir_all(&parent).attempting(|| format!("make {}", parent.display()))?;
    // A data directory fits one version of the programs and belongs to one user.
    let template = parent.join(format!("template-{}-{}", binaries.version(), account.uid()));
    make_own(&template, 0o711)?;
    if !template.join("data").exists() {
        let _one_makes_it = FolderLock::wait(&template)?;
        if !template.join("data").exists() {
            run_initdb(&template, options, binaries, account)?;
        }
    }
    let copy = dir.join("data.new");
    let _ = fs::remove_dir_all(&copy);
    // `cp -a` keeps owners and permissions, which PostgreSQL checks.
    let mut command = Command::new("cp");
    command.arg("-a").arg(template.join("data")).arg(&copy).stdin(Stdio::null());
    let output = command.output().attempting(|| "run cp".to_owned())?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Program { program: "cp".to_owned(), output: tail(&text) });
    }
    fs::rename(&copy, dir.join("data")).attempting(|| format!("rename {}", copy.display()))
}

/// Runs `initdb` in another folder and renames it, so that an interrupted run leaves no incomplete data
/// directory.
fn run_initdb(
    dir: &Path,
    options: &ClusterOptions,
    binaries: &Binaries,
    account: &Account,
) -> Result<(), Error> {
    let (unfinished, finished) = (dir.join("data.new"), dir.join("data"));
    let _ = fs::remove_dir_all(&unfinished);
    make_private(&unfinished, account)?;
    let password_file = dir.join("password");
    let mut command = Command::new(binaries.program("initdb"));
    command.args(["--username=postgres", "--encoding=UTF8", "--locale=C", "--auth-local=trust"]);
    if options.durability == Durability::ThrowAway {
        command.arg("--no-sync");
    }
    match &options.tcp_password {
        Some(password) => {
            write_private(&password_file, password.as_bytes(), account)?;
            command.arg("--auth-host=scram-sha-256").arg("--pwfile").arg(&password_file);
        }
        None => {
            command.arg("--auth-host=trust");
        }
    }
    command.arg("-D").arg(&unfinished);
    account.apply(&mut command);
    command.current_dir("/").process_group(0).stdin(Stdio::null()).env("LC_ALL", "C");
    let output = command.output().attempting(|| "run initdb".to_owned());
    let _ = fs::remove_file(&password_file);
    let output = output?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(Error::Program { program: "initdb".to_owned(), output: tail(&text) });
    }
    let _ = fs::remove_dir(&finished);
    fs::rename(&unfinished, &finished).attempting(|| format!("rename {}", unfinished.display()))
}

/// Returns `binaries` if their version fits the existing data, or other installed programs that do.
pub(super) fn fitting(binaries: Binaries, dir: &Path, data: &Path) -> Result<Binaries, Error> {
    let file = data.join("PG_VERSION");
    let wanted = fs::read_to_string(&file).attempting(|| format!("read {}", file.display()))?;
    let wanted = wanted.trim();
    if binaries.major() == wanted {
        return Ok(binaries);
    }
    Binaries::find_major(wanted).ok_or_else(|| Error::VersionMismatch {
        dir: dir.to_owned(),
        data: wanted.to_owned(),
        bin: binaries.dir().to_owned(),
        programs: binaries.major().to_owned(),
    })
}

/// Copies the certificate and the key to a folder that only the database's user can read.
pub(super) fn copy_tls(dir: &Path, files: &TlsFiles, account: &Account) -> Result<(), Error> {
    let tls = dir.join("tls");
    let _ = fs::remove_dir_all(&tls);
    make_private(&tls, account)?;
    for (from, name) in [(&files.certificate, "server.crt"), (&files.key, "server.key")] {
        let contents = fs::read(from).attempting(|| format!("read {}", from.display()))?;
        write_private(&tls.join(name), &contents, account)?;
    }
    Ok(())
}

/// Writes a file that only the database's user (and root) can read.
fn write_private(path: &Path, contents: &[u8], account: &Account) -> Result<(), Error> {
    use std::io::Write;

    let _ = fs::remove_file(path);
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .attempting(|| format!("write {}", path.display()))?;
    file.write_all(contents).attempting(|| format!("write {}", path.display()))?;
    account.own(path)
}

/// The last lines of a program's output.
pub(super) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.get(lines.len().saturating_sub(8)..).unwrap_or_default().join("\n")
}
