//! The settings of the server. They are read once from files and environment variables, checked as a whole,
//! and passed on section by section.
//!
//! `config/default.toml` names every key with its default. It is part of the binary, so the defaults are in
//! one place and the binary runs from any folder. `config` reads the values. Each section is a serde type in
//! its own file and uses no other section. Rules that concern several sections are in `checks` and
//! `warnings`.
//!
//! To add a key, add a line to `config/default.toml` and a field to its section. A field of the type
//! `SecretText` also gets the key `<key>_file`, and its value is never shown.

mod checks;
mod cleanup;
mod cors;
mod database;
mod fields;
mod load;
mod log;
mod names;
mod security;
mod server;
mod warnings;

pub use cleanup::CleanupSettings;
pub use cors::CorsSettings;
pub use database::DatabaseSettings;
pub use log::{LogFormat, LogSettings};
pub use security::SecuritySettings;
pub use server::ServerSettings;

pub use crate::config::{DEFAULT_TOML, EffectiveKey, Environment, Network, Problem, SettingsError};
pub use crate::features::bearer::settings::BearerSettings;
pub use crate::features::email_password::settings::EmailAndPasswordSettings;
pub use crate::features::system::settings::ErrorUrl;
pub use crate::password::settings::PasswordSettings;
pub use crate::session::settings::{
    AccessTokenSettings, AnonymousGetSession, CookiesSettings, SessionSettings,
};
pub use crate::signing_keys::settings::JwtSettings;
pub use crate::web::client_address::settings::ProxiesSettings;
pub use crate::web::host::settings::{AllowedHosts, BaseUrlSettings};
pub use crate::web::rate_limit::settings::{RateLimitSettings, RateLimitStorage};

use auth_core::DeclaredFields;
use auth_store::TableSet;

use crate::app::plugins::Plugins;
use crate::app::tables;

/// All settings of the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Listening, limits and deadlines.
    pub server: ServerSettings,
    /// Reverse proxies that are trusted to report a client's address.
    pub proxies: ProxiesSettings,
    /// Rate limits.
    pub rate_limit: RateLimitSettings,
    /// Secrets, trusted origins and the switches that weaken checks.
    pub security: SecuritySettings,
    /// CORS headers for browsers.
    pub cors: CorsSettings,
    /// The connection to PostgreSQL.
    pub database: DatabaseSettings,
    /// Lifetime of sessions.
    pub session: SessionSettings,
    /// Additional fields of users and sessions.
    pub fields: DeclaredFields,
    /// Names and attributes of cookies.
    pub cookies: CookiesSettings,
    /// Access tokens of the token API.
    pub access_token: AccessTokenSettings,
    /// Better Auth's `bearer` plugin.
    pub bearer: BearerSettings,
    /// Better Auth's `jwt` plugin.
    pub jwt: JwtSettings,
    /// Sign-up and sign-in with a password.
    pub email_and_password: EmailAndPasswordSettings,
    /// Password rules and hashing.
    pub password: PasswordSettings,
    /// Removal of expired rows.
    pub cleanup: CleanupSettings,
    /// Format and level of the log.
    pub log: LogSettings,
    pub(crate) plugins: Plugins,
    effective: Vec<EffectiveKey>,
}

/// The settings of commands that serve no requests. They include neither a secret nor a public address.
#[derive(Clone, Debug)]
pub struct SchemaSettings {
    /// The connection to PostgreSQL.
    pub database: DatabaseSettings,
    /// The columns beyond Better Auth's own.
    pub fields: DeclaredFields,
    /// The tables that the enabled features need.
    pub tables: TableSet,
    plugins: Plugins,
}

impl Settings {
    /// Returns the tables that the enabled features need.
    pub fn tables(&self) -> TableSet {
        tables::of(self.jwt.enabled, self.rate_limit.storage)
    }

    /// Lists every key with its resolved value, sorted by name. Secrets are redacted.
    pub fn effective(&self) -> &[EffectiveKey] {
        &self.effective
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
