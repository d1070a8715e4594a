//! How states, plans and findings read in a terminal: one wording, whichever command prints it.

use std::fmt;

use super::{Finding, MigrationStatus, Plan, Reverted, Severity};

/// Findings for people, one per line with its severity; none at all say that the schema is as it should be.
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

impl fmt::Display for MigrationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.name)?;
        match (&self.applied_at, self.known) {
            (None, _) => f.write_str("pending"),
            (Some(at), true) if self.adopted => write!(f, "adopted at {at}"),
            (Some(at), true) => write!(f, "ran at {at}"),
            (Some(at), false) => write!(f, "ran at {at}, by a newer build"),
        }
    }
}

/// SQL that can be piped into `psql`: all that is not a statement is a comment.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in &self.adopts {
            writeln!(f, "-- table {} is there and would be adopted", self.layout.names.table(table))?;
        }
        for finding in &self.obstacles {
            writeln!(f, "-- in the way: {finding}")?;
        }
        if self.pending.is_empty() {
            return f.write_str("-- nothing to do");
        }
        for (index, migration) in self.pending.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}-- {}\n{}", migration.name, migration.up_for(&self.layout).trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Reverted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dropped(name) => write!(f, "reverted {name}: its tables are gone"),
            Self::Forgotten(name) => write!(f, "forgot {name}: its tables were there before and stay"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Problem;
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
