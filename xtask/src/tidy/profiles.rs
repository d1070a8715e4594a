//! Build profiles must unwind: with unwinding a panic ends one request, with `panic = "abort"` it
//! would end the server.

use super::{Files, Finding};

const WORKSPACE: &str = "Cargo.toml";
const RELEASE: &str = "[profile.release]";

pub(super) fn check(files: &Files) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut is_pinned = false;
    for (file, text) in files.ending(".toml") {
        if !file.ends_with("Cargo.toml") && !file.ends_with(".cargo/config.toml") {
            continue;
        }
        let mut section = "";
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line;
            }
            // `panic` is also the name of a lint in other sections.
            if !section.starts_with("[profile.") {
                continue;
            }
            let Some(("panic", value)) = line.split_once('=').map(|(key, value)| (key.trim(), value.trim()))
            else {
                continue;
            };
            if value.starts_with("\"unwind\"") {
                is_pinned |= file == WORKSPACE && section == RELEASE;
            } else {
                findings.push(Finding {
                    file: file.to_owned(),
                    line: Some(index + 1),
                    message: format!("{section} must unwind: a panic costs one request (R-101)"),
                });
            }
        }
    }
    if !is_pinned {
        findings.push(Finding {
            file: WORKSPACE.to_owned(),
            line: None,
            message: format!("{RELEASE} lacks `panic = \"unwind\"` (R-101)"),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: &str = "[profile.release]\nlto = \"thin\"\npanic = \"unwind\" # R-101\n";

    fn places(files: &[(&str, &str)]) -> Vec<(String, Option<usize>)> {
        check(&Files::of(files)).into_iter().map(|finding| (finding.file, finding.line)).collect()
    }

    #[test]
    fn r_101_a_release_profile_that_unwinds_passes() {
        let text = format!("[workspace.lints.clippy]\npanic = \"deny\"\n{PINNED}");
        assert_eq!(places(&[(WORKSPACE, &text)]), []);
    }

    #[test]
    fn r_101_one_that_aborts_or_does_not_say_is_found() {
        let aborting = PINNED.replace("unwind", "abort");
        assert_eq!(
            places(&[(WORKSPACE, &aborting)]),
            [(WORKSPACE.to_owned(), Some(3)), (WORKSPACE.to_owned(), None)]
        );
        assert_eq!(
            places(&[(WORKSPACE, "[profile.dev]\npanic = \"unwind\"\n")]),
            [(WORKSPACE.to_owned(), None)]
        );
        let config = (".cargo/config.toml", "[profile.release]\npanic='abort'\n");
        assert_eq!(places(&[(WORKSPACE, PINNED), config]), [(config.0.to_owned(), Some(2))]);
    }
}
