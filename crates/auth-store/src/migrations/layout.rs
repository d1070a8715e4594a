//! What a database should look like.

use std::sync::Arc;

use crate::id::IdKind;
use crate::names::TableNames;
use crate::tables::TableSet;

/// Which tables a database should have, what they are called, and how they keep ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How ids are kept.
    pub ids: IdKind,
    /// What tables and columns are called.
    pub names: Arc<TableNames>,
    /// The tables that the enabled features ask for.
    pub tables: TableSet,
}

/// Every table that this crate has statements for, under Better Auth's own names.
impl From<IdKind> for Layout {
    fn from(ids: IdKind) -> Self {
        Self { ids, ..Self::default() }
    }
}
