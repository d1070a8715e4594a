//! Unpacks packages of any Debian release into a folder, without installing them on the system.
//!
//! apt runs with its own lists, cache and status, so it needs no root and changes nothing. Signatures are
//! checked against Debian's keyring as usual. The mirror is the one that the machine's sources name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::shell::{capture, which};

/// Variable that names a mirror of the Debian archive, for systems with apt but without Debian sources
/// (Ubuntu).
const MIRROR_VARIABLE: &str = "AUTH_TEST_DEBIAN_MIRROR";

/// Possible paths of the keyring, used when the system's sources name none.
const KEYRINGS: [&str; 3] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg",
];

/// Packages of a Debian release.
pub(super) struct Selection<'a> {
    pub(super) release: &'a str,
    /// The packages to download; the libraries that they depend on are added.
    pub(super) packages: &'a [&'a str],
    /// Libraries that are not downloaded; the system must have them.
    pub(super) without: &'a [&'a str],
}

/// Downloads the selected packages with the libraries they need, and unpacks all of them into `into`.
pub(super) fn unpack(selection: &Selection<'_>, into: &Path) -> Result<(), Failure> {
    for program in ["apt-get", "apt-cache", "dpkg-deb"] {
        if which(program).is_none() {
            return Err(Failure::new(format!("there is no `{program}` on this system")));
        }
    }
    let work = into.with_extension("apt");
    let apt = Apt::prepare(selection.release, &work)?;
    capture(apt.command("apt-get").arg("update"))?;
    let packages = apt.with_libraries(selection)?;
    let archives = work.join("archives");
    make(&archives)?;
    capture(apt.command("apt-get").current_dir(&archives).arg("download").args(&packages))?;
    make(into)?;
    let entries =
        fs::read_dir(&archives).map_err(|error| Failure::because("cannot list the archives", error))?;
    for entry in entries.flatten() {
        capture(Command::new("dpkg-deb").arg("--extract").arg(entry.path()).arg(into))?;
    }
    // Lists and archives are no longer needed.
    let _ = fs::remove_dir_all(work);
    Ok(())
}

struct Apt {
    configuration: PathBuf,
}

impl Apt {
    fn prepare(release: &str, work: &Path) -> Result<Self, Failure> {
        let _ = fs::remove_dir_all(work);
        for folder in ["state/lists/partial", "cache/archives/partial", "empty"] {
            make(&work.join(folder))?;
        }
        let named = std::env::var(MIRROR_VARIABLE).ok().map(|mirror| (mirror, None));
        let (mirror, keyring) = named.or_else(|| source(&system_sources())).ok_or_else(|| {
            Failure::new(format!("apt's sources name no Debian mirror here; set {MIRROR_VARIABLE} to one"))
        })?;
        let keyring = keyring
            .or_else(|| KEYRINGS.iter().map(ToString::to_string).find(|file| Path::new(file).is_file()))
            .ok_or_else(|| {
                Failure::new("Debian's keyring is not installed: sudo apt-get install debian-archive-keyring")
            })?;
        let list = work.join("sources.list");
        write(&list, &format!("deb [signed-by={keyring}] {mirror} {release} main\n"))?;
        write(&work.join("state/status"), "")?;
        let configuration = work.join("apt.conf");
        let path = |name: &str| work.join(name).display().to_string();
        // Without `Sandbox::User ""`, apt run as root would download as another user, who may not be able to
        // reach this folder.
        let text = format!(
            "Dir::State \"{}\";\nDir::State::status \"{}\";\nDir::Cache \"{}\";\nDir::Etc::SourceList \"{}\";\n\
             Dir::Etc::SourceParts \"{}\";\nDir::Etc::Preferences \"/dev/null\";\nDir::Etc::PreferencesParts \"{}\";\n\
             APT::Sandbox::User \"\";\nAcquire::Languages \"none\";\nAPT::Update::Post-Invoke-Success {{}};\n",
            path("state"),
            path("state/status"),
            path("cache"),
            list.display(),
            path("empty"),
            path("empty"),
        );
        write(&configuration, &text)?;
        Ok(Self { configuration })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("APT_CONFIG", &self.configuration).arg("--quiet");
        command
    }

    /// The packages and, recursively, those dependencies that are libraries. Other dependencies (scripts,
    /// data, services) are not needed to run one program.
    fn with_libraries(&self, selection: &Selection<'_>) -> Result<BTreeSet<String>, Failure> {
        let mut waiting: Vec<String> = selection.packages.iter().map(ToString::to_string).collect();
        let mut found: BTreeSet<String> = waiting.iter().cloned().collect();
        while let Some(next) = waiting.pop() {
            let description = capture(self.command("apt-cache").args(["show", "--no-all-versions", &next]))?;
            for library in libraries(&description) {
                if !selection.without.contains(&library) && found.insert(library.to_owned()) {
                    waiting.push(library.to_owned());
                }
            }
        }
        Ok(found)
    }
}

/// The libraries in a package's dependencies. Of alternatives, only the first is used.
fn libraries(description: &str) -> impl Iterator<Item = &str> {
    description
        .lines()
        .filter_map(|line| line.strip_prefix("Depends: ").or_else(|| line.strip_prefix("Pre-Depends: ")))
        .flat_map(|list| list.split(','))
        .filter_map(|alternatives| alternatives.split(['|', '(', ':', ' ']).find(|word| !word.is_empty()))
        .filter(|name| (name.starts_with("lib") || *name == "zlib1g") && !name.ends_with("-perl"))
}

/// The folders below `tree` that contain shared libraries.
pub(super) fn library_folders(tree: &Path) -> Vec<PathBuf> {
    let is_library =
        |file: &Path| file.file_name().is_some_and(|name| name.to_string_lossy().contains(".so"));
    let mut folders = Vec::new();
    let mut waiting = vec![tree.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() && is_library(&entry.path()) && !folders.contains(&folder) {
                folders.push(folder.clone());
            }
        }
    }
    folders
}

/// The text of all apt source lists of this machine.
fn system_sources() -> String {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    let read = |file: &PathBuf| fs::read_to_string(file).ok();
    files.iter().filter_map(read).collect::<Vec<_>>().join("\n\n")
}

/// The mirror of the Debian archive in source lists of either format (one-line or deb822), and its keyring if
/// one is named.
fn source(lists: &str) -> Option<(String, Option<String>)> {
    let is_archive =
        |address: &&str| address.contains("://") && address.trim_end_matches('/').ends_with("/debian");
    for paragraph in lists.split("\n\n") {
        let field = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if let Some(mirror) = field("URIs:").and_then(|list| list.split_whitespace().find(is_archive)) {
            let keyring = field("Signed-By:").filter(|value| value.starts_with('/'));
            return Some((mirror.to_owned(), keyring.map(str::to_owned)));
        }
    }
    lists.lines().filter(|line| line.starts_with("deb ")).find_map(|line| {
        let mirror = line.split_whitespace().find(is_archive)?;
        let keyring = line.split_once("signed-by=").and_then(|(_, rest)| rest.split([']', ' ']).next());
        Some((mirror.to_owned(), keyring.map(str::to_owned)))
    })
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| Failure::because(format!("cannot make {}", folder.display()), error))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    fs::write(file, text).map_err(|error| Failure::because(format!("cannot write {}", file.display()), error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_both_formats() {
        let paragraphs = "Types: deb\nURIs: https://packages.example.org/tool\nSuites: stable\n\n\
                          Types: deb\n# comment\nURIs: http://mirror.example.org/debian/\nSuites: bookworm\nSigned-By: /keys/debian.gpg\n";
        assert_eq!(
            source(paragraphs),
            Some(("http://mirror.example.org/debian/".to_owned(), Some("/keys/debian.gpg".to_owned())))
        );
        let lines = "# deb http://old.example.org/debian x main\n\
                     deb http://security.example.org/debian-security bookworm-security main\n\
                     deb [arch=amd64 signed-by=/keys/d.gpg] http://mirror.example.org/debian bookworm main\n";
        assert_eq!(
            source(lines),
            Some(("http://mirror.example.org/debian".to_owned(), Some("/keys/d.gpg".to_owned())))
        );
        assert_eq!(source("deb http://archive.example.org/ubuntu noble main\n"), None);
    }

    #[test]
    fn libraries_are_told_from_other_dependencies() {
        let description = "Package: pgbouncer\nPre-Depends: init-system-helpers (>= 1.54~)\n\
                           Depends: adduser, libc6 (>= 2.34), libevent-2.1-7 (>= 2.1.8-stable), libssl3t64 | libssl3, zlib1g (>= 1:1.2), libdbi-perl, perl:any\n\
                           Recommends: libfoo\n";
        assert_eq!(
            libraries(description).collect::<Vec<_>>(),
            ["libc6", "libevent-2.1-7", "libssl3t64", "zlib1g"]
        );
    }
}
