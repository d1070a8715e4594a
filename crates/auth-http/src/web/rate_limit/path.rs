//! The name under which a request counts.
//!
//! The path as the reference normalises it: without the base path, the query and trailing slashes. Every spelling that
//! reaches a handler comes out as the handler's own path: the router takes no other spelling than trailing
//! slashes, and a path with percent-escapes is no route.

use crate::config::route_path::below_base;
use crate::web::route_names::RouteNames;

/// The path that a request is counted under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CountedPath<'a> {
    /// A route's, whatever the method.
    Route(&'a str),
    /// No route's.
    Unknown(&'a str),
}

impl<'a> CountedPath<'a> {
    /// Finds the name for the path of a request line.
    pub(super) fn of(path: &'a str, base_path: &str, names: &'a RouteNames) -> Self {
        let path = names.known_as(below_base(path, base_path));
        if names.has(path) { Self::Route(path) } else { Self::Unknown(path) }
    }

    /// The path, by which a rule is chosen.
    pub(super) fn as_str(&self) -> &'a str {
        match self {
            Self::Route(path) | Self::Unknown(path) => path,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::web::route::examples;

    #[test]
    fn r_080_what_is_a_route_counts_as_that_route_and_all_else_as_unknown() {
        let (route, unknown) = (CountedPath::Route, CountedPath::Unknown);
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
            ("/api/auth/token", route("/token")),
            ("/api/auth/keys", route("/keys")),
            ("/api/auth/.well-known/jwks.json/", route("/keys")),
            // As the copy at the server's root is asked for.
            ("/.well-known/jwks.json", route("/keys")),
            ("/api/auth/jwks", unknown("/jwks")),
        ];
        let names = examples::names_with_keys(Some("/keys"));
        for (path, expected) in cases {
            // A route outside the base path is none, but has no other name than its own there.
            if path != "/login" {
                assert_eq!(CountedPath::of(path, "/api/auth", &names), expected, "{path}");
            }
        }
        assert_eq!(CountedPath::of("/login", "", &names), route("/sign-in/email"));
        let without = examples::names_with_keys(None);
        assert_eq!(CountedPath::of("/api/auth/token", "/api/auth", &without), unknown("/token"));
    }
}
