//! `[bearer]`: Better Auth's `bearer` plugin.

use auth_core::BearerPlugin;
use serde::Deserialize;

use crate::config::{Section, SettingsError};

/// Better Auth's `bearer` plugin.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BearerSettings {
    /// Reads and returns session tokens as the plugin does.
    pub enabled: bool,
    /// Accepts session tokens only with their signature.
    pub require_signature: bool,
}

impl Section for BearerSettings {
    const NAME: &'static str = "bearer";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

impl BearerSettings {
    /// Returns the plugin's rules; `None` if it is off.
    pub(crate) fn plugin(self) -> Option<BearerPlugin> {
        self.enabled.then_some(BearerPlugin { require_signature: self.require_signature })
    }
}
