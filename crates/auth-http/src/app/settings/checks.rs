//! Checks across sections: settings that contradict those of another section are refused.

use auth_core::{AdditionalFields, CacheStrategy, DeclarationProblem, FieldOwner};

use super::{SchemaSettings, Settings, fields};
use crate::app::features::routes;
use crate::config::SettingsError;
use crate::config::route_path::RoutePath;
use crate::features::jwt::is_of_public_keys;
use crate::signing_keys::settings::JWKS_PATH_WANTED;
use crate::web::host::Protocol;
use crate::web::host::settings::BaseUrlSettings;
use crate::web::origin::UncheckedOrigins;
use crate::web::probes::is_probe;
use crate::web::rate_limit::settings::rules_but;
use crate::web::route_names::RouteNames;

impl SchemaSettings {
    /// Refuses an additional field if Better Auth already uses its column, under Better Auth's name or one of
    /// `[database.names]`.
    pub(super) fn check_columns(&self) -> Result<(), SettingsError> {
        let check = |owner, fields: &AdditionalFields| {
            let (table, section) = match owner {
                FieldOwner::User => ("user", "user.additional_fields"),
                FieldOwner::Session => ("session", "session.additional_fields"),
            };
            match fields.iter().find(|field| self.database.names.has_column(table, &field.column)) {
                None => Ok(()),
                Some(field) => {
                    let reason = "[database.names] gives its column to another";
                    let table = format!("{section}.{}", field.name);
                    Err(fields::refused(&table, reason, DeclarationProblem::ColumnTaken))
                }
            }
        };
        check(FieldOwner::User, &self.fields.user)?;
        check(FieldOwner::Session, &self.fields.session)
    }
}

impl Settings {
    /// Derives settings of other sections from the addresses of this server. The addresses become the first
    /// trusted origins, and they decide whether cookies are secure.
    pub(super) fn follow_addresses(&mut self) {
        let mut origins = self.server.base_url.origins();
        for origin in std::mem::take(&mut self.security.trusted_origins) {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        self.security.trusted_origins = origins;
        if let BaseUrlSettings::ByHost(allowed) = &self.server.base_url {
            self.cookies.decide_secure(match allowed.protocol() {
                Protocol::Https => true,
                Protocol::Http => false,
                // Not every browser accepts secure cookies from a loopback address.
                Protocol::ByRequest | Protocol::Auto => !self.server.base_url.is_loopback(),
            });
        }
    }

    /// Refuses settings that contradict those of other sections.
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let routes = routes(self);
        let names = RouteNames::of(&routes);
        self.check_jwks_path()?;
        self.check_custom_rules(&names)?;
        self.check_below_base("server.disabled_paths", &self.server.disabled_paths, &names)?;
        if let UncheckedOrigins::Below(paths) = &self.security.disable_origin_check {
            self.check_below_base("security.disable_origin_check", paths, &names)?;
        }
        self.cookies.check(self.server.base_url.fixed())?;
        self.check_session_cookie_cache()
    }

    fn check_jwks_path(&self) -> Result<(), SettingsError> {
        const KEY: &str = "jwt.jwks_path";
        let (path, base_path) = (&self.jwt.jwks_path, self.server.base_path.as_str());
        if path.has_base(base_path) {
            return Err(SettingsError::expected(KEY, JWKS_PATH_WANTED));
        }
        // The path must be free even if the plugin is off, because the plugin may be turned on later.
        let mut with_plugin = self.clone();
        with_plugin.jwt.enabled = true;
        let routes = routes(&with_plugin);
        let is_another_routes =
            routes.iter().any(|route| route.path == path.as_str() && !is_of_public_keys(route));
        if is_another_routes || is_probe(&format!("{base_path}{}", path.as_str())) {
            let way_out = "choose one that no route has, such as \"/jwks\"";
            return Err(SettingsError::refused(KEY, "the path is another route's", way_out));
        }
        Ok(())
    }

    fn check_custom_rules(&self, names: &RouteNames) -> Result<(), SettingsError> {
        let checked =
            self.rate_limit.custom_rules.iter().map(|rule| rule.check(&self.server.base_path, names));
        checked
            .collect::<Result<(), _>>()
            .map_err(|error| SettingsError::expected("rate_limit.custom_rules", rules_but(&error)))
    }

    /// Refuses a path that begins with the base path and is not a route: it would match no request.
    fn check_below_base(
        &self,
        key: &str,
        paths: &[RoutePath],
        names: &RouteNames,
    ) -> Result<(), SettingsError> {
        let is_none = |path: &RoutePath| !names.has(path.as_str()) && path.has_base(&self.server.base_path);
        match paths.iter().position(is_none) {
            None => Ok(()),
            Some(index) => {
                let reason =
                    format!("entry {} begins with the base path and would match no request", index + 1);
                let way_out = "write what comes after the base path, such as \"/sign-in/email\"";
                Err(SettingsError::refused(key, reason, way_out))
            }
        }
    }

    /// Refuses `jwt.session_cookie_cache` if the `jwt` plugin is off, or if there is no cookie cache of
    /// strategy `jwt` (1.7.25, the plugin's `init`).
    fn check_session_cookie_cache(&self) -> Result<(), SettingsError> {
        let strategy = self.session.cookie_cache.as_ref().map(|cache| cache.strategy);
        let (reason, way_out) = match (self.jwt.enabled, strategy) {
            _ if !self.jwt.session_cookie_cache => return Ok(()),
            (true, Some(CacheStrategy::Jwt)) => return Ok(()),
            (false, _) => ("the plugin whose keys sign is off", "turn on `jwt.enabled`"),
            (true, None) => ("there is no cookie cache", "turn on `session.cookie_cache.enabled`"),
            (true, Some(CacheStrategy::Compact | CacheStrategy::Jwe)) => (
                "a cookie cache of this form has no key of the plugin",
                "set `session.cookie_cache.strategy` to \"jwt\"",
            ),
        };
        Err(SettingsError::refused("jwt.session_cookie_cache", reason, way_out))
    }
}
