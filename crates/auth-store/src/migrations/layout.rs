//! The expected tables of a database.

use std::sync::Arc;

use crate::id::IdKind;
use crate::names::TableNames;
use crate::tables::TableSet;

/// The expected tables of a database, their names, and the kind of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How ids are stored.
    pub ids: IdKind,
    /// The database's names for tables and columns.
    pub names: Arc<TableNames>,
    /// The tables of the enabled features.
    pub tables: TableSet,
}

/// Every table that this crate has statements for, under Better Auth's own names.
impl From<IdKind> for Layout {
    fn from(ids: IdKind) -> Self {
        Self { ids, ..Self::default() }
    }
}
