//! The error for a column that could not be read.

/// A column whose value cannot be decoded.
#[derive(Debug, thiserror::Error)]
#[error("a value of column `{column}` cannot be read")]
pub(crate) struct UnreadableCell {
    pub(crate) column: String,
    #[source]
    pub(crate) cause: Box<dyn std::error::Error + Send + Sync>,
}
