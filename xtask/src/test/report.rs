//! Durations of a test run, read from the JUnit report of the test runner.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::shell::target_dir;

/// How many of the slowest tests are listed.
const SLOWEST: usize = 20;

/// The file of the JUnit report, as configured in `.config/nextest.toml`.
pub(crate) fn file() -> PathBuf {
    target_dir().join("nextest/default/junit.xml")
}

/// The duration of every test of a run, in seconds.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    tests: Vec<Test>,
}

#[derive(Debug, PartialEq)]
struct Test {
    binary: String,
    name: String,
    seconds: f64,
}

impl Report {
    /// Reads the report of the last run.
    pub(crate) fn read() -> Result<Self, Failure> {
        let path = file();
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::because(format!("cannot read {}", path.display()), error))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let document = roxmltree::Document::parse(text)
            .map_err(|error| Failure::because("the runner's report is no XML", error))?;
        let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
        let test = |case: roxmltree::Node<'_, '_>| {
            Some(Test {
                binary: case.attribute("classname")?.to_owned(),
                name: case.attribute("name")?.to_owned(),
                seconds: case.attribute("time")?.parse().ok()?,
            })
        };
        Ok(Self { tests: cases.filter_map(test).collect() })
    }
}

/// Tests run in parallel, so the seconds of the binaries add up to more than the duration of the run.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut binaries: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for test in &self.tests {
            let (count, seconds) = binaries.entry(&test.binary).or_default();
            (*count, *seconds) = (*count + 1, *seconds + test.seconds);
        }
        let mut binaries: Vec<_> = binaries.into_iter().collect();
        binaries.sort_by(|(_, (_, one)), (_, (_, other))| other.total_cmp(one));
        writeln!(formatter, "{:<28} {:>6} {:>8}", "binary", "tests", "seconds")?;
        for (binary, (count, seconds)) in binaries {
            writeln!(formatter, "{binary:<28} {count:>6} {seconds:>8.1}")?;
        }
        let mut slowest: Vec<&Test> = self.tests.iter().collect();
        slowest.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
        writeln!(formatter, "\n{:>8}  slowest tests", "seconds")?;
        for test in slowest.into_iter().take(SLOWEST) {
            writeln!(formatter, "{:>8.1}  {} {}", test.seconds, test.binary, test.name)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const WRITTEN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3" failures="0" errors="0" time="4.2">
    <testsuite name="auth-core" tests="2" disabled="0" errors="0" failures="0">
        <testcase name="id::tests::short" classname="auth-core" timestamp="2026-11-28T17:00:00Z" time="0.250"></testcase>
        <testcase name="email::tests::long" classname="auth-core" timestamp="2026-11-28T17:00:00Z" time="1.500"/>
    </testsuite>
    <testsuite name="auth-http::api" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="hosts::a" classname="auth-http::api" timestamp="2026-11-28T17:00:00Z" time="2.000"/>
    </testsuite>
</testsuites>"#;

    #[test]
    fn the_report_adds_up_by_binary_and_lists_the_slowest_first() {
        let shown = Report::parse(WRITTEN).unwrap().to_string();
        let lines: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[1], ["auth-http::api", "1", "2.0"]);
        assert_eq!(lines[2], ["auth-core", "2", "1.8"]);
        let slowest: Vec<&str> = lines[5..].iter().map(|line| line[2]).collect();
        assert_eq!(slowest, ["hosts::a", "email::tests::long", "id::tests::short"]);
    }

    #[test]
    fn what_is_no_report_is_an_error() {
        assert!(Report::parse("<testsuites>").is_err());
    }
}
