//! Reads the sections and checks them as a whole.

use std::sync::Arc;

use auth_core::DeclaredFields;

use super::database::DatabaseSettings;
use super::{SchemaSettings, Settings, fields, names};
use crate::app::plugins::Plugins;
use crate::app::tables;
use crate::config::{Environment, Loader, SettingsError};
use crate::signing_keys::settings::JwtSettings;
use crate::web::rate_limit::settings::RateLimitSettings;

impl SchemaSettings {
    /// Reads and checks only these sections. An unknown key in any section is refused.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load(environment: &Environment) -> Result<Self, SettingsError> {
        Self::read(&Loader::new(environment)?)
    }

    fn read(loader: &Loader) -> Result<Self, SettingsError> {
        let mut database: DatabaseSettings = loader.section()?;
        let names::DatabaseNames(names) = loader.section()?;
        database.names = Arc::new(names);
        let plugins = Plugins::load(loader)?;
        let user = loader.section::<fields::UserFields>()?.after(plugins.user_fields())?;
        let fields::SessionFields(session) = loader.section()?;
        let (jwt, rate_limit): (JwtSettings, RateLimitSettings) = (loader.section()?, loader.section()?);
        let tables = tables::of(jwt.enabled, rate_limit.storage);
        let settings = Self { database, fields: DeclaredFields { user, session }, tables, plugins };
        settings.check_columns().map_err(|error| loader.with_origin(error))?;
        Ok(settings)
    }
}

impl Settings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// The first key that is unknown, unreadable, out of range or missing. The error text never contains a
    /// value.
    pub fn load(environment: &Environment) -> Result<Self, SettingsError> {
        let loader = Loader::new(environment)?;
        let server = loader.section()?;
        let SchemaSettings { database, fields, tables: _, plugins } = SchemaSettings::read(&loader)?;
        let mut settings = Self {
            server,
            proxies: loader.section()?,
            rate_limit: loader.section()?,
            security: loader.section()?,
            cors: loader.section()?,
            database,
            session: loader.section()?,
            fields,
            cookies: loader.section()?,
            access_token: loader.section()?,
            bearer: loader.section()?,
            jwt: loader.section()?,
            email_and_password: loader.section()?,
            password: loader.section()?,
            cleanup: loader.section()?,
            log: loader.section()?,
            plugins,
            effective: loader.effective(),
        };
        settings.follow_addresses();
        settings.check().map_err(|error| loader.with_origin(error))?;
        Ok(settings)
    }
}
