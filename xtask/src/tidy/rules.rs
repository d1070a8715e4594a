//! Checks that each claimed security rule has a test named after it (`r_017_…`), and that each rule a test or
//! comment mentions has a row in docs/RULES.md.

use super::{Files, Finding};

/// Numbers of the rules that this version claims to follow.
#[rustfmt::skip]
const CLAIMED: [u16; 106] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
    18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
    36, 37, 39, 41, 42, 43,
    55, 56, 57, 58, 60, 61,
    63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78,
    79, 80, 81, 82, 83, 84, 85, 86, 87, 88,
    89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101,
    103, 104, 105, 106, 107, 108,
    110, 111, 112, 113, 114, 116, 117, 118, 119,
    128, 130, 131, 132, 133,
];

/// The page that explains the rule numbers.
const PAGE: &str = "docs/RULES.md";

pub(super) fn check(files: &Files) -> Vec<Finding> {
    let tested: Vec<u16> = files.ending(".rs").flat_map(|(_, text)| tests(text)).collect();
    let mut findings: Vec<Finding> = CLAIMED
        .into_iter()
        .filter(|number| !tested.contains(number))
        .map(|number| Finding {
            file: "xtask/src/tidy/rules.rs".to_owned(),
            line: None,
            message: format!("rule R-{number:02} has no test (a function `r_{number:03}_…`)"),
        })
        .collect();
    findings.extend(without_row(files));
    findings
}

/// Tests and comments that mention a rule without a row in the page.
fn without_row(files: &Files) -> Vec<Finding> {
    let page = files.text(PAGE).unwrap_or_default();
    let rows: Vec<u16> =
        page.lines().filter_map(|line| number(line.strip_prefix("| R-")?.split(' ').next()?)).collect();
    let mut findings = Vec::new();
    for (path, text) in files.ending(".rs") {
        for (index, line) in text.lines().enumerate() {
            let named = tests(line).into_iter().chain(citations(line));
            findings.extend(named.filter(|number| !rows.contains(number)).map(|number| Finding {
                file: path.to_owned(),
                line: Some(index + 1),
                message: format!("rule R-{number:02} has no row in {PAGE}"),
            }));
        }
    }
    findings
}

/// Numbers of the rules that a line cites as R-nn; matches inside a longer word do not count.
fn citations(line: &str) -> impl Iterator<Item = u16> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter_map(|word| number(word.strip_prefix("R-")?))
}

fn number(digits: &str) -> Option<u16> {
    digits.parse().ok().filter(|_| (2..=3).contains(&digits.len()))
}

/// Numbers of the rules that a text has tests for.
fn tests(text: &str) -> Vec<u16> {
    text.lines()
        .filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn r_"))
        .filter_map(|rest| rest.split('_').next().filter(|digits| digits.len() == 3)?.parse().ok())
        .collect()
}

#[cfg(test)]
#[allow(clippy::panic, reason = "tests")]
mod tests_of_this {
    use super::*;

    #[test]
    fn tests_are_recognised_by_name() {
        let text = "#[test]\nfn r_001_alg() {}\n    async fn r_104_sql() {}\nfn r_12_short() {}\nfn other() {}\n// fn r_055_x";
        assert_eq!(tests(text), [1, 104]);
    }
    #[test]
    fn a_rule_that_is_tested_or_cited_has_a_row() {
        let page = "| rule | in one line |\n|---|---|\n| R-02 | Kept. |\n";
        let code =
            "fn r_002_kept() {}\n/// As R-02 asks, and R-7x does not.\nfn r_003_new() {}\n// (R-04, R-100)\n";
        let files = Files::of(&[(PAGE, page), ("crates/a/src/lib.rs", code)]);
        let found: Vec<String> = without_row(&files).iter().map(ToString::to_string).collect();
        let [first, second, third] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(first, "crates/a/src/lib.rs:3: rule R-03 has no row in docs/RULES.md");
        assert!(second.contains("lib.rs:4: rule R-04") && third.contains("R-100"), "{found:?}");
    }
}
