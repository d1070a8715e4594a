//! How the path of a request names a route: below the base path, in one spelling, unless it is turned off.

use super::route_names::RouteNames;
use crate::config::route_path::{RoutePath, below_base};

/// How paths name routes.
#[derive(Clone, Debug)]
pub(crate) struct PathRules {
    /// Path of the auth routes.
    pub(crate) base_path: String,
    /// Which paths are one route's.
    pub(crate) names: RouteNames,
    /// `server.disabled_paths`.
    pub(crate) disabled: Vec<RoutePath>,
    /// `server.skip_trailing_slashes`.
    pub(crate) skip_trailing_slashes: bool,
}

impl PathRules {
    /// Whether a request's path is one that the settings turn off, in whatever spelling.
    pub(super) fn is_disabled(&self, path: &str) -> bool {
        !self.disabled.is_empty() && {
            let path = below_base(path, &self.base_path);
            self.disabled.iter().any(|disabled| self.names.are_of_one_route(disabled.as_str(), path))
        }
    }

    /// Gives the path of a route that a request's path would be, as it stands: one with an escape or a second slash is
    /// no route's. One slash at the end is passed over where the settings say so.
    pub(super) fn route<'p>(&self, path: &'p str) -> Option<&'p str> {
        let path = match path.strip_suffix('/') {
            Some(cut) if self.skip_trailing_slashes && !cut.is_empty() && !cut.ends_with('/') => cut,
            Some(_) | None => path,
        };
        path.strip_prefix(self.base_path.as_str())
    }
}
