//! `[bearer]`: Better Auth's `bearer` plugin.

use auth_core::BearerPlugin;

use super::error::SettingsError;
use super::reader::Reader;

/// Better Auth's `bearer` plugin.
#[derive(Clone, Copy, Debug)]
pub struct BearerSettings {
    /// Reads and announces tokens as the plugin does.
    pub enabled: bool,
    /// Takes session tokens with their signature only.
    pub require_signature: bool,
}

impl BearerSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.switch("bearer.enabled")?,
            require_signature: reader.switch("bearer.require_signature")?,
        })
    }

    /// Gives the plugin's rules, where they apply.
    pub(crate) fn plugin(self) -> Option<BearerPlugin> {
        self.enabled.then_some(BearerPlugin { require_signature: self.require_signature })
    }
}
