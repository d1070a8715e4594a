//! The tables of the enabled features, combined into one schema.

use super::{CORE, Column, JWT, Part, RATE_LIMIT};

/// A set of parts that form one schema. A table that several parts declare has the columns of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSet {
    parts: Vec<&'static Part>,
}

/// Every table that this crate has statements for.
impl Default for TableSet {
    fn default() -> Self {
        Self::core().with(&RATE_LIMIT).with(&JWT)
    }
}

impl TableSet {
    /// The tables that every server needs.
    pub fn core() -> Self {
        Self { parts: vec![&CORE] }
    }

    /// Adds the tables and columns of a feature. Tables that the part refers to or extends must be in the set
    /// already.
    #[must_use]
    pub fn with(mut self, part: &'static Part) -> Self {
        if !self.parts.iter().any(|known| known.feature == part.feature) {
            self.parts.push(part);
        }
        self
    }

    /// Lists the parts in creation order.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &'static Part> + '_ {
        self.parts.iter().copied()
    }

    /// Lists the table names without duplicates, in creation order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        let all = || self.parts().flat_map(|part| part.tables).map(|table| table.name);
        all()
            .enumerate()
            .filter(move |(at, name)| !all().take(*at).any(|known| known == *name))
            .map(|(_, name)| name)
    }

    /// Lists the columns of a table from all parts. Empty if the table is not in the set.
    pub fn columns<'s>(&'s self, table: &'s str) -> impl Iterator<Item = &'static Column> + 's {
        let tables = self.parts().flat_map(|part| part.tables).filter(move |known| known.name == table);
        tables.flat_map(|known| known.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CORE, Column, Part, RATE_LIMIT, SIGN_IN_GATES, Table};
    use super::TableSet;

    #[test]
    fn parts_of_one_table_are_one_table() {
        static MORE: Part = Part {
            feature: "more",
            tables: &[
                Table { name: "user", columns: &[Column::text("username").nullable().unique()] },
                Table { name: "notes", columns: &[Column::key(), Column::owner("userId")] },
            ],
        };
        let set = TableSet::core().with(&MORE).with(&MORE).with(&CORE);
        let names: Vec<_> = set.names().collect();
        assert_eq!(names, ["user", "session", "account", "verification", "notes"]);
        let user: Vec<_> = set.columns("user").map(|column| column.name).collect();
        assert_eq!(user.len(), 8);
        assert_eq!(user.last(), Some(&"username"));
        assert_eq!(set.columns("jwks").count(), 0);
    }

    #[test]
    fn no_part_declares_a_column_of_another() {
        let set = TableSet::default().with(&SIGN_IN_GATES);
        for table in set.names() {
            let mut columns: Vec<_> = set.columns(table).map(|column| column.name).collect();
            let count = columns.len();
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), count, "{table}");
            assert_eq!(columns.iter().filter(|name| **name == "id").count(), 1, "{table}");
        }
        assert_eq!(TableSet::core().with(&RATE_LIMIT).names().count(), 5);
    }
}
