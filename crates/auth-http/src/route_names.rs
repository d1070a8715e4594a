//! Under which names a server knows its routes: those by which it counts requests, turns routes off and warns.

use crate::config::route_path::RoutePath;
use crate::routes::{self, ROUTES, SAME_AS, WELL_KNOWN_JWKS};
use crate::settings::JwtSettings;

/// The names of a server's routes. Which there are is a matter of the settings, and so is the path of one of them.
#[derive(Clone, Debug)]
pub(crate) struct RouteNames {
    /// Path of the public keys; `None`: no route of the `jwt` plugin is there.
    keys: Option<RoutePath>,
}

impl RouteNames {
    /// Gives the names of a server with these settings.
    pub(crate) fn of(jwt: &JwtSettings) -> Self {
        Self { keys: jwt.enabled.then(|| jwt.jwks_path.clone()) }
    }

    /// Gives the path below the base path under which a route is known to Better Auth; any other path as it is.
    pub(crate) fn known_as<'p>(&'p self, path: &'p str) -> &'p str {
        match &self.keys {
            Some(keys) if path == WELL_KNOWN_JWKS => keys.as_str(),
            _ => SAME_AS.iter().find(|(ours, _)| *ours == path).map_or(path, |(_, theirs)| theirs),
        }
    }

    /// Tells whether two paths below the base path are one route's.
    pub(crate) fn are_of_one_route(&self, one: &str, other: &str) -> bool {
        self.known_as(one) == self.known_as(other)
    }

    /// Tells whether this server has a route of this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.all().any(|route| route == path)
    }

    /// Gives the path of every route; one that has several methods comes as often.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        let of_plugin = self.keys.iter().flat_map(routes::jwt_routes).map(|(path, _)| path);
        ROUTES.iter().map(|route| route.path).chain(of_plugin)
    }

    /// A server without the `jwt` plugin, or with its public keys under a path.
    #[cfg(test)]
    pub(crate) fn with_keys(path: Option<&str>) -> Self {
        Self { keys: path.and_then(RoutePath::parse) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_path_is_the_second_one_of_wherever_the_keys_are() {
        for (keys, path, expected) in [
            (None, WELL_KNOWN_JWKS, WELL_KNOWN_JWKS),
            (None, "/jwks", "/jwks"),
            (Some("/jwks"), WELL_KNOWN_JWKS, "/jwks"),
            (Some("/keys"), WELL_KNOWN_JWKS, "/keys"),
            (Some("/keys"), "/keys", "/keys"),
            (Some("/keys"), "/jwks", "/jwks"),
            (Some(WELL_KNOWN_JWKS), WELL_KNOWN_JWKS, WELL_KNOWN_JWKS),
            (Some(WELL_KNOWN_JWKS), "/jwks", "/jwks"),
            (Some("/keys"), "/login", "/sign-in/email"),
        ] {
            assert_eq!(RouteNames::with_keys(keys).known_as(path), expected, "{keys:?} {path}");
        }
    }

    #[test]
    fn routes_of_the_plugin_are_there_with_it_and_where_the_settings_say() {
        for (keys, expected) in [
            (None, [false, false, false, false]),
            (Some("/jwks"), [true, true, false, true]),
            (Some("/keys"), [true, false, true, true]),
            (Some(WELL_KNOWN_JWKS), [true, false, false, true]),
        ] {
            let names = RouteNames::with_keys(keys);
            let has = ["/token", "/jwks", "/keys", WELL_KNOWN_JWKS].map(|path| names.has(path));
            assert_eq!(has, expected, "{keys:?}");
            assert!(names.has("/login") && !names.has("/logi"));
        }
    }
}
