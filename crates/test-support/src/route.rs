//! The routes of servers, for tests that check every route.

use std::sync::LazyLock;

use auth_http::settings::{DEFAULT_TOML, Environment, Settings};
use auth_http::{Access, ErrorCode, RouteFacts};

use crate::app::SECRET;

/// A route in the form that tests use.
#[derive(Debug)]
pub struct TestRoute {
    /// Method.
    pub method: &'static str,
    /// Path below the base path.
    pub path: &'static str,
    /// The other properties of the route.
    pub facts: RouteFacts,
}

impl TestRoute {
    /// Whether the route refuses callers without credentials.
    pub fn is_guarded(&self) -> bool {
        match self.facts.access {
            Access::Session { .. } | Access::Credentials => true,
            Access::Anyone | Access::Optional => false,
        }
    }
}

/// Lists the routes of a server with the default settings.
pub fn routes() -> &'static [TestRoute] {
    static ROUTES: LazyLock<Vec<TestRoute>> = LazyLock::new(|| routes_with(&[]));
    &ROUTES
}

/// Lists the routes of a server with every feature turned on, those of [`routes`] first.
pub fn all_routes() -> &'static [TestRoute] {
    static ROUTES: LazyLock<Vec<TestRoute>> = LazyLock::new(|| routes_with(&every_feature()));
    &ROUTES
}

/// Lists the routes that a feature adds. The feature is off by default; its name is its section in the
/// settings.
pub fn routes_of(feature: &str) -> Vec<TestRoute> {
    let is_new = |route: &TestRoute| !routes().iter().any(|known| known.path == route.path);
    routes_with(&[(switch(feature), "true")]).into_iter().filter(is_new).collect()
}

/// The settings that turn on every feature: each section of `config/default.toml` with `enabled = false`.
/// Tests that use them cover a new feature without changes.
pub fn every_feature() -> Vec<(&'static str, &'static str)> {
    let mut section = "";
    let mut switches = Vec::new();
    for line in DEFAULT_TOML.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if line == "enabled = false" && !section.contains('.') && !NO_FEATURES.contains(&section) {
            switches.push((switch(section), "true"));
        }
    }
    switches
}

/// Sections with an `enabled` key that are not features.
const NO_FEATURES: [&str; 1] = ["rate_limit"];

fn switch(feature: &str) -> &'static str {
    format!("AUTH__{}__ENABLED", feature.to_ascii_uppercase()).leak()
}

/// Lists the routes of a server with changed settings, given as environment variables.
pub fn routes_with(variables: &[(&str, &str)]) -> Vec<TestRoute> {
    let test_route = |facts: RouteFacts| TestRoute {
        method: facts.method.to_string().leak(),
        path: facts.path.clone().into_owned().leak(),
        facts,
    };
    auth_http::routes(&settings(variables)).into_iter().map(test_route).collect()
}

/// Lists every error code of a server with all features.
pub fn error_codes() -> Vec<ErrorCode> {
    auth_http::error_codes(&settings(&every_feature()))
}

fn settings(variables: &[(&str, &str)]) -> Settings {
    let required = [
        ("BETTER_AUTH_SECRET", SECRET),
        ("BETTER_AUTH_URL", "http://auth.test:3000"),
        ("DATABASE_URL", "postgres://localhost/none"),
    ];
    let environment = required
        .iter()
        .chain(variables)
        .fold(Environment::default(), |environment, (name, value)| environment.with(*name, *value));
    Settings::load(&environment).expect("settings for tests")
}
