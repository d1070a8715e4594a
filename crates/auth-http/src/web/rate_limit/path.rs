//! The path under which a request is counted.
//!
//! It is the path as Better Auth normalises it: without the base path, the query and trailing slashes. Every
//! path that reaches a handler gives that handler's own path: the router accepts no variation except
//! trailing slashes, and a path with percent-escapes matches no route.

use crate::config::route_path::below_base;
use crate::web::route_names::RouteNames;

/// The path under which a request is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CountedPath<'a> {
    /// The path of a route, whatever the method.
    Route(&'a str),
    /// A path that matches no route.
    Unknown(&'a str),
}

impl<'a> CountedPath<'a> {
    /// Determines the counted path from the path of a request line.
    pub(super) fn of(path: &'a str, base_path: &str, names: &'a RouteNames) -> Self {
        let path = names.known_as(below_base(path, base_path));
        if names.has(path) { Self::Route(path) } else { Self::Unknown(path) }
    }

    /// The path, for choosing a rule.
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
            // The path of the keys at the server's root.
            ("/.well-known/jwks.json", route("/keys")),
            ("/api/auth/jwks", unknown("/jwks")),
        ];
        let names = examples::names_with_keys(Some("/keys"));
        for (path, expected) in cases {
            // `/login` outside the base path is skipped: it counts as the route, although the router does not
            // serve it.
            if path != "/login" {
                assert_eq!(CountedPath::of(path, "/api/auth", &names), expected, "{path}");
            }
        }
        assert_eq!(CountedPath::of("/login", "", &names), route("/sign-in/email"));
        let without = examples::names_with_keys(None);
        assert_eq!(CountedPath::of("/api/auth/token", "/api/auth", &without), unknown("/token"));
    }
}
