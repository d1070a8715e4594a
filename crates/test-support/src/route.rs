//! The routes of servers, for tests that walk them.

use std::sync::LazyLock;

use auth_http::settings::{DEFAULT_TOML, Environment, Settings};
use auth_http::{Access, ErrorCode, RouteFacts};

use crate::app::SECRET;

/// A route as tests ask for it.
#[derive(Debug)]
pub struct TestRoute {
    /// Method.
    pub method: &'static str,
    /// Path below the base path.
    pub path: &'static str,
    /// Everything else that is known of it.
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

/// Lists the routes of a server with the shipped settings.
pub fn routes() -> &'static [TestRoute] {
    static ROUTES: LazyLock<Vec<TestRoute>> = LazyLock::new(|| routes_with(&[]));
    &ROUTES
}

/// Lists the routes of a server with every feature on, those of [`routes`] first.
pub fn all_routes() -> &'static [TestRoute] {
    static ROUTES: LazyLock<Vec<TestRoute>> = LazyLock::new(|| routes_with(&every_feature()));
    &ROUTES
}

/// Lists the routes that a feature adds which is off as shipped; it is named by its section of the settings.
pub fn routes_of(feature: &str) -> Vec<TestRoute> {
    let is_new = |route: &TestRoute| !routes().iter().any(|known| known.path == route.path);
    routes_with(&[(switch(feature), "true")]).into_iter().filter(is_new).collect()
}

/// Gives the settings that turn on every feature: each section of `config/default.toml` that says
/// `enabled = false`, so that a new feature is walked by the tests without being named in them.
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

/// Sections with a switch that turns on no feature.
const NO_FEATURES: [&str; 1] = ["rate_limit"];

fn switch(feature: &str) -> &'static str {
    format!("AUTH__{}__ENABLED", feature.to_ascii_uppercase()).leak()
}

/// Lists the routes of a server with settings changed, by the names of their variables.
pub fn routes_with(variables: &[(&str, &str)]) -> Vec<TestRoute> {
    let test_route = |facts: RouteFacts| TestRoute {
        method: facts.method.to_string().leak(),
        path: facts.path.clone().into_owned().leak(),
        facts,
    };
    auth_http::routes(&settings(variables)).into_iter().map(test_route).collect()
}

/// Lists every code that a server with all features answers with.
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
