//! Checks the table in auth-core's README that says how many crates each set of features brings in.

use std::collections::BTreeSet;

use super::{Files, Finding};
use crate::failure::Failure;
use crate::shell::{capture, cargo};

const PAGE: &str = "crates/auth-core/README.md";

/// The dependencies differ between platforms; the table is for this one.
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(super) fn check(files: &Files) -> Result<Vec<Finding>, Failure> {
    let rows = rows(files.text(PAGE).unwrap_or_default());
    if rows.is_empty() {
        let message =
            "there is no table of crates between `<!-- crates -->` and `<!-- /crates -->`".to_owned();
        return Ok(vec![Finding { file: PAGE.to_owned(), line: None, message }]);
    }
    let mut findings = Vec::new();
    for Row { line, features, crates } in rows {
        let tree = capture(&mut cargo([
            "tree",
            "--locked",
            "--package",
            "auth-core",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--target",
            TARGET,
            "--features",
            &features,
        ]))?;
        let counted = count(&tree);
        if counted != crates {
            findings.push(Finding {
                file: PAGE.to_owned(),
                line: Some(line),
                message: format!("`{features}` brings {counted} crates, not {crates}"),
            });
        }
    }
    Ok(findings)
}

struct Row {
    /// Line number, counted from 1.
    line: usize,
    features: String,
    crates: usize,
}

/// Reads the rows `| features | crates | … |` between the two marker comments.
fn rows(page: &str) -> Vec<Row> {
    page.lines()
        .enumerate()
        .skip_while(|(_, line)| *line != "<!-- crates -->")
        .take_while(|(_, line)| *line != "<!-- /crates -->")
        .filter_map(|(index, line)| {
            let mut cells = line.split('|').map(str::trim).skip(1);
            let features = cells.next()?.trim_matches('`');
            let crates = cells.next()?.parse().ok()?;
            let features = if features == "none" { String::new() } else { features.replace("`, `", ",") };
            Some(Row { line: index + 1, features, crates })
        })
        .collect()
}

/// Counts the distinct packages of a tree, without its root.
fn count(tree: &str) -> usize {
    let packages: BTreeSet<&str> = tree.lines().skip(1).map(|line| line.trim_end_matches(" (*)")).collect();
    packages.into_iter().filter(|package| !package.is_empty()).count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn rows_are_read_between_the_marks() {
        let page = "| `a` | 1 |\n<!-- crates -->\n| features | crates |\n|---|---|\n| none | 35 | x |\n| `a`, `b` | 52 |\n<!-- /crates -->\n| `c` | 3 |\n";
        let rows = rows(page);
        let read: Vec<_> = rows.iter().map(|row| (row.line, row.features.as_str(), row.crates)).collect();
        assert_eq!(read, [(5, "", 35), (6, "a,b", 52)]);
    }

    #[test]
    fn a_crate_counts_once() {
        assert_eq!(count("auth-core v0.1.0 (/x)\nserde v1.0.0\nsyn v2.0.0\nserde v1.0.0 (*)\n"), 2);
        assert_eq!(count("auth-core v0.1.0 (/x)\n"), 0);
    }
}
