//! The single error type of xtask: a sentence for the user at the terminal, and its cause.
//!
//! The chores never branch on an error, so this type has no variants. The libraries have typed errors.

use std::error::Error;
use std::fmt;

/// Why a chore stopped.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure without a cause.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), source: None }
    }

    /// A failure with the underlying error.
    pub(crate) fn because(
        sentence: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { sentence: sentence.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sentence)?;
        let mut cause = self.source.as_deref().map(|source| source as &dyn Error);
        while let Some(error) = cause {
            write!(formatter, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl From<dev_postgres::Error> for Failure {
    fn from(error: dev_postgres::Error) -> Self {
        let mut sentence = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            sentence = format!("{sentence}: {inner}");
            cause = inner.source();
        }
        Self::new(sentence)
    }
}
