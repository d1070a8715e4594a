//! `[rate_limit]`: how often a client may ask.

use std::time::Duration;

use super::error::SettingsError;
use super::reader::Reader;
use crate::rate_limit::{CustomRule, RateRule, RateRules};

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

/// The longest window that makes sense for a rate.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl RateLimitSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        let custom_rules = reader.list("rate_limit.custom_rules")?;
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
            custom_rules: custom_rules
                .iter()
                .map(|text| text.parse())
                .collect::<Result<_, crate::rate_limit::ParseRuleError>>()
                .map_err(|error| {
                    reader.expected("rate_limit.custom_rules", &format!("rules of paths; {error}"))
                })?,
        })
    }

    /// Gives all rules, the built-in ones among them.
    pub(crate) fn rules(&self) -> RateRules {
        RateRules::new(self.default, self.custom_rules.clone())
    }
}
