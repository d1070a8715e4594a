//! `[rate_limit]`: how often a client may ask.

use std::time::Duration;

use super::error::SettingsError;
use super::reader::Reader;
use crate::route_names::RouteNames;
use crate::web::rate_limit::{CustomRule, RateRule, RateRules};

/// How often a client may ask.
#[derive(Clone, Debug)]
pub struct RateLimitSettings {
    /// Whether requests are counted at all.
    pub enabled: bool,
    /// What a path allows that no other rule names.
    pub default: RateRule,
    /// Where counts are kept.
    pub storage: RateLimitStorage,
    /// Rules for paths, the first fitting one first.
    pub custom_rules: Vec<CustomRule>,
}

/// Where counts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitStorage {
    /// In this process.
    Memory,
    /// In the table that Node's Better Auth counts in.
    Database,
}

const CUSTOM_RULES: &str = "rate_limit.custom_rules";

/// The longest window that makes sense for a rate.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl RateLimitSettings {
    pub(super) fn read(reader: &Reader, base_path: &str, names: &RouteNames) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.switch("rate_limit.enabled")?,
            default: RateRule {
                window: reader.span("rate_limit.window", Duration::from_millis(1)..=LONGEST)?,
                max: reader.number("rate_limit.max", 1..=1_000_000)?,
            },
            storage: reader.choice(
                "rate_limit.storage",
                &[("memory", RateLimitStorage::Memory), ("database", RateLimitStorage::Database)],
            )?,
            custom_rules: custom_rules(reader, base_path, names)?,
        })
    }

    /// Warns of each rule that applies to no route: what it limits, if anything, are paths that are none.
    pub(super) fn warnings(&self, names: &RouteNames) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut taken: Vec<&str> = Vec::new();
        for rule in &self.custom_rules {
            let fits: Vec<&str> = rule.routes(names).collect();
            if fits.is_empty() {
                warnings.push(format!("{CUSTOM_RULES}: `{}` fits no route of this server", rule.as_str()));
            } else if fits.iter().all(|path| taken.contains(path)) {
                let text = rule.as_str();
                warnings.push(format!(
                    "{CUSTOM_RULES}: `{text}` applies to no route, since rules before it fit the same ones"
                ));
            }
            taken.extend(fits);
        }
        warnings
    }

    /// Gives all rules, the built-in ones among them.
    pub(crate) fn rules(&self) -> RateRules {
        RateRules::new(self.default, self.custom_rules.clone())
    }
}

fn custom_rules(
    reader: &Reader,
    base_path: &str,
    names: &RouteNames,
) -> Result<Vec<CustomRule>, SettingsError> {
    let refused = |error| reader.expected(CUSTOM_RULES, &format!("rules of paths; {error}"));
    let rules: Result<Vec<CustomRule>, _> =
        reader.list(CUSTOM_RULES)?.iter().map(|text| text.parse()).collect();
    let rules = rules.map_err(refused)?;
    rules.iter().try_for_each(|rule| rule.check(base_path, names)).map_err(refused)?;
    Ok(rules)
}
