//! Finds the route of a request's path: it must be below the base path, in exactly one spelling, and not
//! disabled.

use super::route_names::RouteNames;
use crate::config::route_path::{RoutePath, below_base};

/// The rules that map paths to routes.
#[derive(Clone, Debug)]
pub(crate) struct PathRules {
    /// Base path of the auth routes.
    pub(crate) base_path: String,
    /// The paths that belong to the same route.
    pub(crate) names: RouteNames,
    /// `server.disabled_paths`.
    pub(crate) disabled: Vec<RoutePath>,
    /// `server.skip_trailing_slashes`.
    pub(crate) skip_trailing_slashes: bool,
}

impl PathRules {
    /// Whether the settings disable a request's path, in any spelling.
    pub(super) fn is_disabled(&self, path: &str) -> bool {
        !self.disabled.is_empty() && {
            let path = below_base(path, &self.base_path);
            self.disabled.iter().any(|disabled| self.names.are_of_one_route(disabled.as_str(), path))
        }
    }

    /// Returns a request's path without the base path, otherwise unchanged: a path with an escape or a double
    /// slash matches no route. One trailing slash is ignored if the settings say so.
    pub(super) fn route<'p>(&self, path: &'p str) -> Option<&'p str> {
        let path = match path.strip_suffix('/') {
            Some(cut) if self.skip_trailing_slashes && !cut.is_empty() && !cut.ends_with('/') => cut,
            Some(_) | None => path,
        };
        path.strip_prefix(self.base_path.as_str())
    }
}
