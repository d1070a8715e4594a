//! What the server is told at start: read from files and variables once, checked as a whole, then passed
//! around by section.
//!
//! `config/default.toml` names every key with its default and is part of the binary, so that no default hides
//! in the code and the binary runs from any folder. How values are read is in `config`; each section is a
//! serde type in a file of its own and knows no other. What sections mean beside each other is said here, in
//! `checks` and `warnings`.
//!
//! A new key is a line of `config/default.toml` and a field of its section. A field of the type `SecretText`
//! has a second key, `<key>_file`, and is never shown.

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

/// Everything the server is told at start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Listening, limits and deadlines.
    pub server: ServerSettings,
    /// Reverse proxies whose word is taken for a client's address.
    pub proxies: ProxiesSettings,
    /// How often a client may ask.
    pub rate_limit: RateLimitSettings,
    /// Secrets, trusted origins and the switches that weaken checks.
    pub security: SecuritySettings,
    /// Cross-origin answers for browsers.
    pub cors: CorsSettings,
    /// The way to PostgreSQL.
    pub database: DatabaseSettings,
    /// Life of sessions.
    pub session: SessionSettings,
    /// What users and sessions hold beyond Better Auth's own.
    pub fields: DeclaredFields,
    /// Names and attributes of cookies.
    pub cookies: CookiesSettings,
    /// Access tokens of the token API.
    pub access_token: AccessTokenSettings,
    /// Better Auth's `bearer` plugin.
    pub bearer: BearerSettings,
    /// Better Auth's `jwt` plugin.
    pub jwt: JwtSettings,
    /// Whether people sign up and in with a password.
    pub email_and_password: EmailAndPasswordSettings,
    /// Password rules and hashing.
    pub password: PasswordSettings,
    /// Removing what has run out.
    pub cleanup: CleanupSettings,
    /// Log lines.
    pub log: LogSettings,
    pub(crate) plugins: Plugins,
    effective: Vec<EffectiveKey>,
}

/// What commands need that serve nobody: neither a secret nor an address.
#[derive(Clone, Debug)]
pub struct SchemaSettings {
    /// The way to PostgreSQL.
    pub database: DatabaseSettings,
    /// The columns beyond Better Auth's own.
    pub fields: DeclaredFields,
    /// The tables that the features ask for which are on.
    pub tables: TableSet,
    plugins: Plugins,
}

impl Settings {
    /// Gives the tables that the features ask for which are on.
    pub fn tables(&self) -> TableSet {
        tables::of(self.jwt.enabled, self.rate_limit.storage)
    }

    /// Lists every key as it was resolved, in the order of names, secrets redacted.
    pub fn effective(&self) -> &[EffectiveKey] {
        &self.effective
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
