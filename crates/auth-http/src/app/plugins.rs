//! The features whose section of the settings no other code reads. Each is one entry of the list.

use std::sync::Arc;

use auth_core::FieldDeclaration;
use auth_store::TableNames;

use crate::config::{Loader, SettingsError};
use crate::features::{Feature, Plugin, username};

/// All plugins. Hooks run in this order.
const PLUGINS: &[Plugin] = &[username::PLUGIN];

/// The plugins that the settings turn on.
#[derive(Clone, Debug)]
pub(crate) struct Plugins(Vec<Arc<dyn Feature>>);

impl Plugins {
    /// Reads the section of each plugin.
    ///
    /// # Errors
    ///
    /// As [`Loader::section`].
    pub(crate) fn load(loader: &Loader) -> Result<Self, SettingsError> {
        let loaded: Result<Vec<_>, _> = PLUGINS.iter().map(|plugin| (plugin.load)(loader)).collect();
        Ok(Self(loaded?.into_iter().flatten().collect()))
    }

    /// Lists the plugins that are on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Feature>> {
        self.0.iter()
    }

    /// Returns the fields that the plugins add to users, in their order.
    pub(crate) fn user_fields(&self) -> Vec<FieldDeclaration> {
        self.iter().flat_map(|feature| feature.user_fields()).collect()
    }
}

/// Returns Better Auth's names of all tables and columns, including those of plugins that are off.
pub(crate) fn better_auth_names() -> TableNames {
    TableNames::default().with_fields_of(PLUGINS.iter().filter_map(|plugin| plugin.fields))
}
