//! Why the settings were refused. An error gives the full name of the key and a remedy, never the value.

use std::error::Error;
use std::{fmt, io};

/// A setting that prevents the server from starting.
#[derive(Debug)]
pub struct SettingsError {
    /// Full name of the key, such as `server.port`; or of the environment variable, if it belongs to no key.
    pub key: String,
    /// Source of the value: a file's path or a variable's name; `None` for the default.
    pub origin: Option<String>,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting `{}`{}: {}", self.key, from(self.origin.as_deref()), self.problem)
    }
}

/// The message includes the problem, so the source is the problem's own source. A chain then shows each text
/// once.
impl Error for SettingsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No setting has this name.
    #[error("there is no setting of this name; {}", meant(nearest.as_deref()))]
    Unknown {
        /// The most similar known name.
        nearest: Option<String>,
    },
    /// The value cannot be read as its type.
    #[error("expected {expected}")]
    Expected {
        /// What would be accepted, with an example.
        expected: String,
    },
    /// A required setting is absent.
    #[error("not set; {way_out}")]
    Missing {
        /// How to set it.
        way_out: &'static str,
    },
    /// The value can be read but must not be used.
    #[error("{text}")]
    Refused {
        /// Why, and what to do instead.
        text: String,
    },
    /// Two settings contradict each other.
    #[error("set together with `{other}`; remove one of the two")]
    Conflict {
        /// The other key.
        other: String,
    },
    /// A file named by the setting cannot be read.
    #[error("cannot read the file {path}")]
    Unreadable {
        /// Path as written.
        path: String,
        /// The operating system's error.
        #[source]
        cause: io::Error,
    },
    /// A settings file is not valid TOML. The parser's message quotes the line, so only the position is kept.
    #[error("not valid TOML{place}")]
    Syntax {
        /// ` at line N, column M`, or empty.
        place: String,
    },
}

impl SettingsError {
    /// Creates an error for a key. The loader adds the source of the value.
    pub(crate) fn new(key: impl Into<String>, problem: Problem) -> Self {
        Self { key: key.into(), origin: None, problem }
    }

    /// Creates the error for a value that cannot be read as its type.
    pub(crate) fn expected(key: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(key, Problem::Expected { expected: expected.into() })
    }

    /// Creates the error for a value that can be read but must not be used.
    pub(crate) fn refused(key: impl Into<String>, reason: impl fmt::Display, way_out: &str) -> Self {
        Self::new(key, Problem::refused(reason, way_out))
    }
}

impl Problem {
    /// The problem of a value that must not be used; `way_out` says what to do instead.
    pub(crate) fn refused(reason: impl fmt::Display, way_out: &str) -> Self {
        Self::Refused { text: format!("{reason}; {way_out}") }
    }
}

/// Writes an error and its causes in one line, outermost first.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn meant(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "docs/CONFIGURATION.md lists them all".to_owned(),
    }
}

fn from(origin: Option<&str>) -> String {
    origin.map(|origin| format!(" (from {origin})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_the_problem_once() {
        let error = SettingsError::new("server.base_url", Problem::Missing { way_out: "set it" });
        assert_eq!(chain(&error), "setting `server.base_url`: not set; set it");
        let cause = io::Error::other("no such file");
        let problem = Problem::Unreadable { path: "x.toml".to_owned(), cause };
        let error =
            SettingsError { origin: Some("x".to_owned()), ..SettingsError::new("AUTH_CONFIG", problem) };
        assert_eq!(
            chain(&error),
            "setting `AUTH_CONFIG` (from x): cannot read the file x.toml: no such file"
        );
    }
}
