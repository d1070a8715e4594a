//! `[rate_limit]`: how many requests a client may send.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::config::span::{self, DAY};
use crate::config::{Section, SettingsError, values};
use crate::web::rate_limit::{CustomRule, ParseRuleError, RateRule};

/// How many requests a client may send.
#[derive(Clone, Debug)]
pub struct RateLimitSettings {
    /// Whether requests are counted.
    pub enabled: bool,
    /// The limit of a path that no other rule matches.
    pub default: RateRule,
    /// Where counts are kept.
    pub storage: RateLimitStorage,
    /// Rules for paths. The first matching rule applies.
    pub custom_rules: Vec<CustomRule>,
}

/// Where counts are kept.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RateLimitStorage {
    /// In the memory of this process.
    Memory,
    /// In the table of Better Auth on Node.
    Database,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    enabled: bool,
    #[serde(deserialize_with = "span::within::<1, DAY, _>")]
    window: Duration,
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    max: u32,
    storage: RateLimitStorage,
    #[serde(deserialize_with = "custom_rules")]
    custom_rules: Vec<CustomRule>,
}

impl Section for RateLimitSettings {
    const NAME: &'static str = "rate_limit";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: keys.enabled,
            default: RateRule { window: keys.window, max: keys.max },
            storage: keys.storage,
            custom_rules: keys.custom_rules,
        })
    }
}

fn custom_rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CustomRule>, D::Error> {
    values::list(deserializer, |_, text| text.parse().map_err(|error| values::expected(rules_but(&error))))
}

/// Describes the expected rules, and why this text is not one.
pub(crate) fn rules_but(error: &ParseRuleError) -> String {
    format!("rules of paths; {error}")
}
