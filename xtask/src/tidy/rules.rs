//! Security rules that must each have a test named after them, `r_017_…`: the tests may not shrink.

use super::{Files, Finding};

/// Numbers of the rules that this version claims to keep.
#[rustfmt::skip]
const CLAIMED: [u16; 57] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    17, 18, 19, 20, 21, 22, 23, 24,
    36, 37, 39, 41, 42, 43,
    55, 57, 58, 65, 73, 74, 75,
    83, 84, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98,
    103, 104, 106, 107, 110, 112, 113,
    116, 117, 118, 119,
];

pub(super) fn check(files: &Files) -> Vec<Finding> {
    let tested: Vec<u16> = files.ending(".rs").flat_map(|(_, text)| tests(text)).collect();
    CLAIMED
        .into_iter()
        .filter(|number| !tested.contains(number))
        .map(|number| Finding {
            file: "xtask/src/tidy/rules.rs".to_owned(),
            line: None,
            message: format!("rule R-{number:02} has no test (a function `r_{number:03}_…`)"),
        })
        .collect()
}

/// Numbers of the rules that a text has tests for.
fn tests(text: &str) -> Vec<u16> {
    text.lines()
        .filter_map(|line| line.trim_start().trim_start_matches("async ").strip_prefix("fn r_"))
        .filter_map(|rest| rest.split('_').next().filter(|digits| digits.len() == 3)?.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests_of_this {
    use super::*;

    #[test]
    fn tests_are_recognised_by_name() {
        let text = "#[test]\nfn r_001_alg() {}\n    async fn r_104_sql() {}\nfn r_12_short() {}\nfn other() {}\n// fn r_055_x";
        assert_eq!(tests(text), [1, 104]);
    }
}
