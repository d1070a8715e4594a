//! What the server is told at start: read from files and variables once, checked as a whole, then passed
//! around by section.
//!
//! `config/default.toml` names every key with its default and is part of the binary, so that no default hides
//! in the code and the binary runs from any folder. How the sources combine is in `sources.rs`; what each key
//! means is in the section's file.

mod access_token;
mod base_url;
mod bearer;
mod cleanup;
mod cookies;
mod cors;
mod database;
mod email_and_password;
mod error;
mod error_url;
mod fields;
mod jwt;
mod log;
mod names;
mod network;
mod password;
mod paths;
mod proxies;
mod rate_limit;
mod reader;
mod security;
mod server;
mod session;
mod sources;
mod span;

pub use access_token::AccessTokenSettings;
pub use base_url::{AllowedHosts, BaseUrl, BaseUrlSettings};
pub use bearer::BearerSettings;
pub use cleanup::CleanupSettings;
pub use cookies::CookiesSettings;
pub use cors::CorsSettings;
pub use database::DatabaseSettings;
pub use email_and_password::EmailAndPasswordSettings;
pub use error::{Problem, SettingsError};
pub use error_url::ErrorUrl;
pub use jwt::JwtSettings;
pub use log::{LogFormat, LogSettings};
pub use network::Network;
pub use password::PasswordSettings;
pub use proxies::ProxiesSettings;
pub use rate_limit::{RateLimitSettings, RateLimitStorage};
pub use security::SecuritySettings;
pub use server::ServerSettings;
pub use session::{AnonymousGetSession, SessionSettings};
pub use sources::{DEFAULT_TOML, Environment};

use auth_core::DeclaredFields;

use reader::Reader;
pub(crate) use span::parse as parse_span;

use crate::route_names::RouteNames;
use crate::web::origin::UncheckedOrigins;

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
    effective: Vec<EffectiveKey>,
}

/// One key as it was resolved, safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveKey {
    /// Full name, such as `server.port`.
    pub key: String,
    /// Value as text; secrets show as `(set)` or `(not set)`.
    pub shown: String,
    /// Where it came from: a file's path or a variable's name, `None` for the default.
    pub origin: Option<String>,
}

/// What commands need that serve nobody: neither a secret nor an address.
#[derive(Clone, Debug)]
pub struct SchemaSettings {
    /// The way to PostgreSQL.
    pub database: DatabaseSettings,
    /// The columns beyond Better Auth's own.
    pub fields: DeclaredFields,
}

impl SchemaSettings {
    /// Reads and checks these sections alone. Unknown keys are refused all the same.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load(environment: &Environment) -> Result<Self, SettingsError> {
        let reader = Reader::new(sources::merge(environment)?);
        let database = DatabaseSettings::read(&reader)?;
        let fields = fields::read(&reader, &database.names)?;
        Ok(Self { database, fields })
    }
}

impl Settings {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// The first key that is unknown, unreadable, out of range or missing; the text never holds a value.
    pub fn load(environment: &Environment) -> Result<Self, SettingsError> {
        let reader = Reader::new(sources::merge(environment)?);
        let server = ServerSettings::read(&reader)?;
        let database = DatabaseSettings::read(&reader)?;
        let jwt = JwtSettings::read(&reader, &server)?;
        let names = RouteNames::of(&jwt);
        let settings = Self {
            proxies: ProxiesSettings::read(&reader)?,
            rate_limit: RateLimitSettings::read(&reader, &server.base_path, &names)?,
            security: SecuritySettings::read(&reader, &server)?,
            cors: CorsSettings::read(&reader)?,
            session: SessionSettings::read(&reader)?,
            cookies: cookies::read(&reader, &server.base_url)?,
            fields: fields::read(&reader, &database.names)?,
            database,
            access_token: AccessTokenSettings::read(&reader)?,
            bearer: BearerSettings::read(&reader)?,
            jwt,
            email_and_password: EmailAndPasswordSettings::read(&reader)?,
            password: PasswordSettings::read(&reader)?,
            cleanup: CleanupSettings::read(&reader)?,
            log: LogSettings::read(&reader)?,
            server,
            effective: reader.effective(),
        };
        settings.jwt.check_copies(&reader, settings.session.cookie_cache.as_ref())?;
        Ok(settings)
    }

    /// Lists every key as it was resolved, in the order of names, secrets redacted.
    pub fn effective(&self) -> &[EffectiveKey] {
        &self.effective
    }

    /// Names the checks that these settings turn off, one warning each, and what has no effect.
    pub fn warnings(&self) -> Vec<String> {
        let switches = [
            (
                self.security.disable_csrf_check == Some(true),
                "security.disable_csrf_check is on: cross-site requests are not checked, and any web page can act for a signed-in visitor",
            ),
            (
                self.security.disable_origin_check == UncheckedOrigins::Everywhere,
                "security.disable_origin_check is on: origins and redirect targets are not checked",
            ),
            (
                matches!(self.security.disable_origin_check, UncheckedOrigins::Below(_)),
                "security.disable_origin_check names paths: origins and redirect targets are not checked there",
            ),
            (
                self.access_token.accept_foreign,
                "access_token.accept_foreign is on: tokens of every holder of the secret are accepted and do not end with a session",
            ),
            (
                self.bearer.require_signature && !self.bearer.enabled,
                "bearer.require_signature is on and bearer.enabled is off: it has no effect",
            ),
            (
                self.jwt.enabled && self.jwt.disable_private_key_encryption,
                "jwt.disable_private_key_encryption is on: whoever reads the database can sign tokens for every user",
            ),
            (
                self.jwt.outlives_its_keys(),
                "jwt.expiration_time is longer than jwt.grace_period: after a rotation tokens stop verifying before their end",
            ),
            (
                self.jwt.copies_outlive_keys(self.session.cookie_cache.as_ref()),
                "session.cookie_cache.max_age is longer than jwt.grace_period: after a rotation copies of sessions stop verifying before their end",
            ),
            (
                self.server.base_url.is_https_possible() && self.cookies.is_never_secure(),
                "cookies.secure is off although the base URL is https: session cookies travel over plain http too",
            ),
            (
                self.cookies.is_token_open_to_scripts(),
                "cookies.session_token.http_only is off: any script on a page can read the session token",
            ),
            (
                self.session.has_readable_copies() && self.cookies.is_cache_open_to_scripts(),
                "cookies.session_data.http_only is off: any script on a page can read the session token that the copy of a session holds; session.cookie_cache.strategy = \"jwe\" encrypts it",
            ),
            (
                self.server.base_url.plain_http() == Some("server.base_url"),
                "server.base_url is plain http: passwords and session cookies travel unencrypted",
            ),
            (
                self.session.lives_unlisted(),
                "session.max_per_user is 0 or above session.list_limit: a session can live without its owner's seeing it",
            ),
            (
                self.server.base_url.plain_http() == Some("server.protocol"),
                "server.protocol is plain http: passwords and session cookies travel unencrypted",
            ),
            (
                self.proxies.trusts_everyone(),
                "proxies.trusted holds a network of everyone: any client can choose the address it is seen under",
            ),
            (
                !self.rate_limit.enabled && !self.server.base_url.is_loopback(),
                "rate_limit.enabled is off: nothing here slows down who tries passwords; AUTH_ENV=production turns it on",
            ),
            (
                !self.proxies.track_addresses,
                "proxies.track_addresses is off: clients are not told apart, so no rate limit applies",
            ),
            (
                self.email_and_password.failures_before_delay == 0,
                "email_and_password.failures_before_delay is 0: an account's password may be tried without end from changing addresses",
            ),
        ];
        let switches = switches.into_iter().filter(|(on, _)| *on).map(|(_, warning)| warning.to_owned());
        let names = RouteNames::of(&self.jwt);
        let unknown = paths::unknown(server::DISABLED_PATHS, &self.server.disabled_paths, &names);
        switches.chain(unknown).chain(self.rate_limit.warnings(&names)).collect()
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
