//! Why the settings were refused: the key by its full name and a way out, never the value.

use std::error::Error;
use std::{fmt, io};

/// A setting that stops the start.
#[derive(Debug)]
pub struct SettingsError {
    /// Full name of the key, such as `server.port`, or of the variable where no key has that name.
    pub key: String,
    /// Where the value came from: a file's path or a variable's name; `None` for the default.
    pub origin: Option<String>,
    /// What is wrong with it.
    pub problem: Problem,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "setting `{}`{}: {}", self.key, from(self.origin.as_deref()), self.problem)
    }
}

/// The problem is part of the message, so the cause is the problem's own: a chain says each thing once.
impl Error for SettingsError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.problem.source()
    }
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No setting has this name.
    #[error("there is no setting of this name; docs/CONFIGURATION.md lists them all")]
    Unknown,
    /// The value does not read as what it should be.
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
    /// The value can be read and must not be used.
    #[error("{reason}; {way_out}")]
    Refused {
        /// Why.
        reason: String,
        /// What to do instead.
        way_out: &'static str,
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
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// A settings file is not TOML. The parser's own text quotes the line, so only the place is kept.
    #[error("not valid TOML{place}")]
    Syntax {
        /// ` at line N, column M`, or nothing.
        place: String,
    },
}

impl SettingsError {
    pub(super) fn new(key: impl Into<String>, origin: Option<&str>, problem: Problem) -> Self {
        Self { key: key.into(), origin: origin.map(str::to_owned), problem }
    }
}

fn from(origin: Option<&str>) -> String {
    origin.map(|origin| format!(" (from {origin})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `auth-server` prints it: the message, then each cause.
    fn chain(error: &dyn Error) -> String {
        error.source().map_or(error.to_string(), |cause| format!("{error}: {}", chain(cause)))
    }

    #[test]
    fn a_chain_says_the_problem_once() {
        let error = SettingsError::new("server.base_url", None, Problem::Missing { way_out: "set it" });
        assert_eq!(chain(&error), "setting `server.base_url`: not set; set it");
        let cause = io::Error::other("no such file");
        let problem = Problem::Unreadable { path: "x.toml".to_owned(), cause };
        let error = SettingsError::new("AUTH_CONFIG", Some("x"), problem);
        assert_eq!(
            chain(&error),
            "setting `AUTH_CONFIG` (from x): cannot read the file x.toml: no such file"
        );
    }
}
