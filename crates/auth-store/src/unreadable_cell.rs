//! Which column of a row could not be read.

/// A column that holds what no field can.
#[derive(Debug, thiserror::Error)]
#[error("a value of column `{column}` cannot be read")]
pub(crate) struct UnreadableCell {
    pub(crate) column: String,
    #[source]
    pub(crate) cause: Box<dyn std::error::Error + Send + Sync>,
}
