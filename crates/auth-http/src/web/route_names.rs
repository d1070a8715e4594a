//! The paths of a server's routes. They are used to count requests, to disable routes and to check settings.

use std::collections::HashMap;

use super::route_facts::RouteFacts;

/// The paths of a server's routes, each with the path that it counts as.
#[derive(Clone, Debug, Default)]
pub(crate) struct RouteNames {
    /// Path and counted path, in the order of the routes.
    names: Vec<(String, String)>,
    by_path: HashMap<String, usize>,
}

impl RouteNames {
    /// Collects the paths of the routes.
    pub(crate) fn of<'r>(routes: impl IntoIterator<Item = &'r RouteFacts>) -> Self {
        let mut known = Self::default();
        for route in routes {
            let path = route.path.clone().into_owned();
            if !known.by_path.contains_key(&path) {
                known.by_path.insert(path.clone(), known.names.len());
                known.names.push((path, route.name().to_owned()));
            }
        }
        known
    }

    /// Returns the path that a route counts as, and any other path unchanged.
    pub(crate) fn known_as<'p>(&'p self, path: &'p str) -> &'p str {
        let known = self.by_path.get(path).and_then(|at| self.names.get(*at));
        known.map_or(path, |(_, name)| name)
    }

    /// Whether two paths below the base path belong to the same route.
    pub(crate) fn are_of_one_route(&self, one: &str, other: &str) -> bool {
        self.known_as(one) == self.known_as(other)
    }

    /// Whether this server has a route with this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// Returns the path of every route.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|(path, _)| path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use crate::web::route::examples;

    #[test]
    fn r_072_a_route_of_two_paths_is_meant_by_either() {
        let names = examples::names_with_keys(Some("/keys"));
        const WELL_KNOWN: &str = "/.well-known/jwks.json";
        for (ours, theirs) in [("/login", "/sign-in/email"), (WELL_KNOWN, "/keys")] {
            for (one, other) in [(ours, ours), (ours, theirs), (theirs, ours), (theirs, theirs)] {
                assert!(names.are_of_one_route(one, other), "{one} {other}");
                assert!(names.has(one), "{one}");
            }
        }
        assert!(!names.are_of_one_route("/login", "/sign-up/email"));
        assert!(!names.are_of_one_route("/jwks", WELL_KNOWN), "the keys are not there");
        assert!(!names.has("/jwks") && !names.has("/logi"));
    }
}
