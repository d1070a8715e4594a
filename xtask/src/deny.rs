//! Runs cargo-deny.

use std::process::Command;

use crate::failure::Failure;
use crate::shell::{root, run as execute};
use crate::tools::DENY;

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Licences, forbidden crates and sources; needs only the lock file.
    Offline,
    /// Known vulnerabilities; needs the RustSec database.
    Advisories,
}

/// Checks the dependencies against `deny.toml`.
pub(crate) fn run(subject: Subject) -> Result<(), Failure> {
    let mut check = Command::new(DENY.find_or_install()?);
    check.current_dir(root()).args(["--locked", "check"]);
    match subject {
        Subject::Offline => check.args(["licenses", "bans", "sources"]),
        Subject::Advisories => check.arg("advisories"),
    };
    execute(&mut check)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use std::fs;

    use crate::shell::root;

    /// Lowest versions without a known advisory, as rule R-117 lists them.
    const FLOORS: [(&str, [u32; 3]); 4] = [
        ("tokio-postgres", [0, 7, 18]),
        ("postgres-protocol", [0, 6, 12]),
        ("diesel", [2, 3, 9]),
        ("diesel-async", [0, 9, 0]),
    ];

    #[test]
    fn r_117_known_bad_versions_are_neither_locked_nor_allowed() {
        let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
        let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
        for (name, floor) in FLOORS {
            let package = format!("name = \"{name}\"\nversion = \"");
            let versions: Vec<&str> =
                lock.split(&package).skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert!(!versions.is_empty(), "{name} is in the lock file");
            for version in versions {
                let parts: Vec<u32> = version.split('.').map(|part| part.parse().expect(version)).collect();
                assert!(parts.as_slice() >= floor.as_slice(), "{name} {version} is below {floor:?}");
            }
            assert!(deny.contains(&format!("crate = \"{name}:<")), "deny.toml has a floor for {name}");
        }
    }

    #[test]
    fn r_117_two_versions_of_a_crate_need_a_reason_and_a_date() {
        let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
        assert!(deny.contains("\nmultiple-versions = \"deny\"\n"));
        let skipped = deny.split_once("\nskip = [\n").expect("there are exceptions").1;
        for line in skipped.lines().take_while(|line| !line.starts_with(']')) {
            let reason = line.split_once("reason = \"").expect(line).1;
            assert!(reason.contains("; 20"), "{line}");
        }
    }

    #[test]
    fn r_118_lints_are_on_in_every_crate() {
        let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(workspace.contains("unsafe_code = \"forbid\""));
        for lint in ["expect_used", "indexing_slicing", "panic", "unwrap_used"] {
            assert!(
                workspace.contains(&format!("{lint} = \"warn\"")),
                "{lint}; CI turns warnings into errors"
            );
        }
        let mut manifests = vec![root().join("xtask/Cargo.toml")];
        manifests.extend(
            fs::read_dir(root().join("crates"))
                .unwrap()
                .map(|entry| entry.unwrap().path().join("Cargo.toml")),
        );
        for manifest in manifests.into_iter().filter(|manifest| manifest.exists()) {
            let text = fs::read_to_string(&manifest).unwrap();
            assert!(text.contains("[lints]\nworkspace = true"), "{}", manifest.display());
        }
        assert!(root().join("Cargo.lock").exists());
    }
}
