//! The features whose settings nothing else reads: a line of the list turns one on.

use std::sync::Arc;

use auth_core::FieldDeclaration;
use auth_store::TableNames;

use crate::config::{Loader, SettingsError};
use crate::features::{Feature, Plugin, username};

/// Every one of them. Hooks run in this order.
const PLUGINS: &[Plugin] = &[username::PLUGIN];

/// Those that the settings turn on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plugins(Vec<Arc<dyn Feature>>);

impl Plugins {
    /// Reads the section of each.
    ///
    /// # Errors
    ///
    /// As [`Loader::section`].
    pub(crate) fn load(loader: &Loader) -> Result<Self, SettingsError> {
        let loaded: Result<Vec<_>, _> = PLUGINS.iter().map(|plugin| (plugin.load)(loader)).collect();
        Ok(Self(loaded?.into_iter().flatten().collect()))
    }

    /// Lists them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Feature>> {
        self.0.iter()
    }

    /// Gives the fields that they declare for users, in their order.
    pub(crate) fn user_fields(&self) -> Vec<FieldDeclaration> {
        self.iter().flat_map(|feature| feature.user_fields()).collect()
    }
}

/// Gives Better Auth's names of all tables and columns, those of plugins that are off included.
pub(crate) fn better_auth_names() -> TableNames {
    TableNames::default().with_fields_of(PLUGINS.iter().filter_map(|plugin| plugin.fields))
}
