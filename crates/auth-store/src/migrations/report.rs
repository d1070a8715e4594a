//! The text of states, plans and findings in a terminal. All commands print the same text.

use std::fmt;

use super::finding::{Finding, Severity};
use super::record::FeatureStatus;
use super::run::{Plan, Reverted};

/// Prints findings, one per line with its severity. Without findings, it prints that the schema is correct.
#[derive(Clone, Copy, Debug)]
pub struct Drift<'a>(pub &'a [Finding]);

impl fmt::Display for Drift<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the schema is as both servers need it");
        }
        for (index, finding) in self.0.iter().enumerate() {
            let kind = match finding.severity {
                Severity::Breaks => "error",
                Severity::Weakens => "warning",
            };
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{kind}: {finding}")?;
        }
        Ok(())
    }
}

impl fmt::Display for FeatureStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.feature)?;
        match &self.applied_at {
            None => return f.write_str("pending"),
            Some(at) if self.adopted => write!(f, "adopted at {at}")?,
            Some(at) => write!(f, "made at {at}")?,
        }
        match (self.known, self.asked_for) {
            (false, _) => f.write_str(", by a newer build"),
            (true, false) => f.write_str(", not asked for by the settings"),
            (true, true) => Ok(()),
        }
    }
}

/// Prints SQL for `psql`. Everything that is not a statement is an SQL comment.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.adopts {
            writeln!(f, "-- table {} is there and would be adopted", self.layout.names.table(table))?;
        }
        for finding in &self.obstacles {
            writeln!(f, "-- in the way: {finding}")?;
        }
        if self.changes.is_empty() {
            let recorded = self.pending.iter().map(|feature| format!("-- {feature} would be recorded\n"));
            let nothing = if self.pending.is_empty() { "-- nothing to do" } else { "-- nothing to add" };
            return write!(f, "{}{nothing}", recorded.collect::<String>());
        }
        for (index, change) in self.changes.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{};", change.sql)?;
        }
        Ok(())
    }
}

impl fmt::Display for Reverted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(feature) => write!(f, "reverted {feature}: its tables are gone"),
            Self::Forgotten(feature) => write!(f, "forgot {feature}: its tables were there before and stay"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Problem;
    use super::*;

    #[test]
    fn a_finding_is_one_line_that_names_table_and_column_and_its_fix_once() {
        let finding = |severity| Finding {
            table: "user".to_owned(),
            column: Some("image".to_owned()),
            problem: Problem::MissingColumn,
            severity,
            fix: Some("ALTER TABLE".to_owned()),
        };
        let text = Drift(&[finding(Severity::Breaks), finding(Severity::Weakens)]).to_string();
        assert_eq!(
            text,
            "error: \"user\".\"image\" is missing; fix: ALTER TABLE\n\
             warning: \"user\".\"image\" is missing; fix: ALTER TABLE"
        );
    }
}
