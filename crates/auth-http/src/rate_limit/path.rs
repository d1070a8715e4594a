//! The name under which a request counts.
//!
//! The path as the reference normalises it: without the base path, the query and trailing slashes. Every spelling that
//! reaches a handler comes out as the handler's own path: the router takes no other spelling than trailing
//! slashes, and a path with percent-escapes is no route.

use crate::route_path::below_base;
use crate::routes::{find_path, known_as};

/// The path that a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CountedPath {
    /// A route's, whatever the method.
    Route(&'static str),
    /// No route's.
    Unknown(String),
}

impl CountedPath {
    /// Finds the name for the path of a request line.
    pub(super) fn of(path: &str, base_path: &str) -> Self {
        let path = below_base(path, base_path);
        find_path(known_as(path)).map_or_else(|| Self::Unknown(path.to_owned()), Self::Route)
    }

    /// The path, by which a rule is chosen.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Route(path) => path,
            Self::Unknown(path) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn r_080_what_is_a_route_counts_as_that_route_and_all_else_as_unknown() {
        let route = |path| CountedPath::Route(path);
        let unknown = |path: &str| CountedPath::Unknown(path.to_owned());
        let cases = [
            ("/api/auth/sign-in/email", route("/sign-in/email")),
            ("/api/auth/sign-in/email/", route("/sign-in/email")),
            ("/api/auth/sign-in/email///", route("/sign-in/email")),
            ("/api/auth/login", route("/sign-in/email")),
            ("/api/auth/login/", route("/sign-in/email")),
            ("/api/auth/register", route("/sign-up/email")),
            ("/api/auth/logout", route("/sign-out")),
            ("/api/auth/get-session", route("/get-session")),
            ("/api/auth/sign-in/email/x", unknown("/sign-in/email/x")),
            ("/api/auth/sign-in%2Femail", unknown("/sign-in%2Femail")),
            ("/api/auth/%6cogin", unknown("/%6cogin")),
            ("/api/auth//login", unknown("//login")),
            ("/api/auth", unknown("/")),
            ("/api/authlogin", unknown("/api/authlogin")),
            ("/login", unknown("/login")),
        ];
        for (path, expected) in cases {
            // A route outside the base path is none, but has no other name than its own there.
            if path != "/login" {
                assert_eq!(CountedPath::of(path, "/api/auth"), expected, "{path}");
            }
        }
        assert_eq!(CountedPath::of("/login", ""), route("/sign-in/email"));
    }
}
