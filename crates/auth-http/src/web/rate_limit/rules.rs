//! The limit of a path: the rules of the settings, and the limit that its route declares.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use super::window::RateRule;
use crate::config::glob::Glob;
use crate::config::route_path::{RoutePath, below_base};
use crate::config::span;
use crate::web::route_facts::RouteFacts;
use crate::web::route_names::RouteNames;

/// All rules of a server.
#[derive(Clone, Debug)]
pub(crate) struct RateRules {
    default: RateRule,
    custom: Vec<CustomRule>,
    /// The limits that routes declare, by the path under which they are counted.
    routes: HashMap<String, RateRule>,
}

/// The rule that applies to a path, and a name that all paths of that rule share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen<'a> {
    pub(crate) rule: RateRule,
    pub(crate) name: &'a str,
}

/// A rule of the settings, such as `/get-session = 1000 per 1m`, `/sign-in/* = 5 per 30s` or `/ok = off`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRule {
    path: Paths,
    text: String,
    /// The limit; `None` means no limit.
    pub rule: Option<RateRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Paths {
    Exactly(String),
    Matching(Glob),
}

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseRuleError {
    /// It does not have the form of a rule.
    #[error("`{0}` is no rule; write `/path = 100 per 10s` or `/path = off`")]
    Form(String),
    /// It would match no request: the path has no leading slash, has a trailing slash, includes the base
    /// path, or contains a character that no route has.
    #[error(
        "`{0}` would match no request; paths begin with a slash, end without one, and stand without the base path"
    )]
    NoPath(String),
    /// The route is counted under another path.
    #[error("`{given}` counts as `{counts_as}`; write the rule for that path")]
    CountsAs {
        /// As given.
        given: String,
        /// The path to write instead.
        counts_as: String,
    },
}

/// Name of the default rule, for paths that no custom rule matches.
const DEFAULT: &str = "";

/// Maximum window of a custom rule. Counts over several days are not a rate limit.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl RateRules {
    /// Takes the rules of the settings and those of the routes.
    pub(crate) fn new<'r>(
        default: RateRule,
        custom: Vec<CustomRule>,
        routes: impl IntoIterator<Item = &'r RouteFacts>,
    ) -> Self {
        let rule = |route: &RouteFacts| route.rate.map(|rule| (route.name().to_owned(), rule));
        Self { default, custom, routes: routes.into_iter().filter_map(rule).collect() }
    }

    /// Returns the rule for a path without its base path: the first matching rule of the settings, else the
    /// route's own, else the default. `None` if the settings turn the limit off.
    pub(crate) fn choose(&self, path: &str) -> Option<Chosen<'_>> {
        if let Some(custom) = self.custom.iter().find(|custom| custom.fits(path)) {
            return custom.rule.map(|rule| Chosen { rule, name: &custom.text });
        }
        let rule = self.routes.get(path).copied().unwrap_or(self.default);
        Some(Chosen { rule, name: DEFAULT })
    }

    /// Returns the longest window of all rules. An older count has no effect any more.
    pub(crate) fn longest_window(&self) -> Duration {
        let custom = self.custom.iter().filter_map(|custom| custom.rule.as_ref());
        let all = custom.chain([&self.default]).chain(self.routes.values());
        all.map(|rule| rule.window).max().unwrap_or_default()
    }
}

impl CustomRule {
    /// Returns the rule as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the paths of the routes that the rule matches, as they are counted.
    pub(crate) fn routes<'n>(&self, names: &'n RouteNames) -> impl Iterator<Item = &'n str> {
        names.all().map(|route| names.known_as(route)).filter(|path| self.fits(path))
    }

    /// Checks that requests are counted under the rule's path. It must not be an alias of a route, and must
    /// not include the base path.
    ///
    /// # Errors
    ///
    /// [`ParseRuleError::CountsAs`], [`ParseRuleError::NoPath`].
    pub(crate) fn check(&self, base_path: &str, names: &RouteNames) -> Result<(), ParseRuleError> {
        let path = self.text.split('=').next().unwrap_or_default().trim();
        let counts_as = names.known_as(path);
        if counts_as != path {
            return Err(ParseRuleError::CountsAs { given: path.to_owned(), counts_as: counts_as.to_owned() });
        }
        match self.routes(names).next() {
            None if below_base(path, base_path) != path => Err(ParseRuleError::NoPath(self.text.clone())),
            _ => Ok(()),
        }
    }

    fn fits(&self, path: &str) -> bool {
        match &self.path {
            Paths::Exactly(only) => only == path,
            Paths::Matching(glob) => glob.is_match(path),
        }
    }
}

impl FromStr for CustomRule {
    type Err = ParseRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || ParseRuleError::Form(text.to_owned());
        let (path, allows) = text.split_once('=').ok_or_else(form)?;
        let (path, allows) = (path.trim(), allows.trim());
        let no_path = || ParseRuleError::NoPath(path.to_owned());
        if !path.starts_with(['/', '*']) {
            return Err(no_path());
        }
        let rule = match allows.split_once(" per ") {
            None if allows == "off" => None,
            None => return Err(form()),
            Some((max, window)) => {
                let max = max.trim().parse().ok().filter(|max| *max > 0).ok_or_else(form)?;
                let window = span::parse(window.trim()).filter(|span| !span.is_zero() && *span <= LONGEST);
                Some(RateRule { window: window.ok_or_else(form)?, max })
            }
        };
        // As in Better Auth, a question mark alone does not make a glob, and no path contains one.
        let path = if path.contains('*') {
            // Paths are counted without trailing slashes.
            (!path.ends_with('/')).then(|| Paths::Matching(Glob::new(path)))
        } else {
            (path == "/" || RoutePath::parse(path).is_some()).then(|| Paths::Exactly(path.to_owned()))
        };
        let path = path.ok_or_else(no_path)?;
        Ok(Self { path, text: text.to_owned(), rule })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::web::route::examples;

    const DEFAULT_RULE: RateRule = RateRule { window: Duration::from_secs(10), max: 100 };

    fn rules(custom: &[&str]) -> RateRules {
        let custom = custom.iter().map(|text| text.parse().unwrap()).collect();
        RateRules::new(DEFAULT_RULE, custom, &examples::routes())
    }

    /// Returns the maximum and the window in seconds; `None` if there is no limit.
    fn allowed(rules: &RateRules, path: &str) -> Option<(u32, u64)> {
        rules.choose(path).map(|chosen| (chosen.rule.max, chosen.rule.window.as_secs()))
    }

    #[test]
    fn r_079_a_route_has_the_rule_that_it_declares() {
        let rules = rules(&[]);
        let cases = [
            ("/sign-in/email", (3, 10)),
            ("/sign-in/emailx", (100, 10)),
            ("/ok", (100, 10)),
            ("/", (100, 10)),
        ];
        for (path, expected) in cases {
            assert_eq!(allowed(&rules, path), Some(expected), "{path}");
        }
        assert_eq!(rules.longest_window(), Duration::from_secs(10));
    }

    #[test]
    fn r_079_the_first_custom_rule_that_fits_wins_over_the_built_in_ones() {
        let rules = rules(&[
            "/sign-in/email = 5 per 30s",
            "/sign-in/* = 7 per 2m",
            "/ok = off",
            "/get-* = off",
            "/get-session = 1 per 1s",
            "/deep/** = 9 per 500ms",
        ]);
        let cases = [
            ("/sign-in/email", Some((5, 30))),
            ("/sign-in/social", Some((7, 120))),
            ("/sign-in/a/b", Some((100, 10))),
            ("/ok", None),
            ("/okay", Some((100, 10))),
            ("/get-session", None),
            ("/deep/a/b", Some((9, 0))),
            ("/deep", Some((9, 0))),
        ];
        for (path, expected) in cases {
            assert_eq!(allowed(&rules, path), expected, "{path}");
        }
        assert_eq!(rules.longest_window(), Duration::from_secs(120));
    }

    #[test]
    fn what_is_no_rule_is_refused_and_says_why() {
        for text in [
            "",
            "/ok",
            "/ok =",
            "/ok = on",
            "/ok = 0 per 10s",
            "/ok = -1 per 10s",
            "/ok = 5 per 0s",
            "/ok = 5 per 10",
            "/ok = 5 per 2d",
            "/ok = 5 per",
            "/ok = 5 in 10s",
            "/ok = 99999999999 per 10s",
        ] {
            assert_eq!(text.parse::<CustomRule>(), Err(ParseRuleError::Form(text.to_owned())), "{text}");
        }
        for path in ["ok", "/ok/", "/sign-in/*/", "/o?", "/ok?x", "//ok", "/a/../ok", "/o k", "/%6fk", ""] {
            let refused = format!("{path} = off").parse::<CustomRule>();
            assert_eq!(refused, Err(ParseRuleError::NoPath(path.to_owned())), "{path}");
        }
        assert!("/ = off".parse::<CustomRule>().is_ok(), "the base path itself is counted");
    }

    #[test]
    fn a_rule_for_a_path_that_counts_under_another_is_refused_and_says_which() {
        let check = |path: &str, keys| {
            let rule: CustomRule = format!("{path} = 5 per 10s").parse().unwrap();
            match rule.check("/api/auth", &examples::names_with_keys(keys)) {
                Err(ParseRuleError::CountsAs { counts_as, .. }) => counts_as,
                other => format!("{other:?}"),
            }
        };
        const WELL_KNOWN: &str = "/.well-known/jwks.json";
        for (path, keys, expected) in [
            ("/login", None, "/sign-in/email"),
            (WELL_KNOWN, Some("/jwks"), "/jwks"),
            (WELL_KNOWN, Some("/keys"), "/keys"),
            (WELL_KNOWN, Some(WELL_KNOWN), "Ok(())"),
            (WELL_KNOWN, None, "Ok(())"),
            ("/jwks", Some("/keys"), "Ok(())"),
            ("/keys", Some("/keys"), "Ok(())"),
        ] {
            assert_eq!(check(path, keys), expected, "{path} {keys:?}");
        }
    }
}
