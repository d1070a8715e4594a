//! Warnings at every start: checks that are off, and settings without effect.

use auth_core::CookieCachePolicy;

use super::Settings;
use crate::app::features::routes;
use crate::config::route_path::RoutePath;
use crate::signing_keys::settings::JwtSettings;
use crate::web::origin::UncheckedOrigins;
use crate::web::rate_limit::settings::RateLimitSettings;
use crate::web::route_names::RouteNames;

impl Settings {
    /// Returns a warning for each check that these settings turn off and for each setting without
    /// effect.
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
                tokens_outlive_keys(&self.jwt),
                "jwt.expiration_time is longer than jwt.grace_period: after a rotation tokens stop verifying before their end",
            ),
            (
                copies_outlive_keys(&self.jwt, self.session.cookie_cache.as_ref()),
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
        let names = RouteNames::of(&routes(self));
        let unknown = unknown_paths(&self.server.disabled_paths, &names);
        switches.chain(unknown).chain(useless_rules(&self.rate_limit, &names)).collect()
    }
}

/// Whether tokens outlive the keys that verify them: a rotated key is no longer published while some of its
/// tokens are still valid.
fn tokens_outlive_keys(jwt: &JwtSettings) -> bool {
    jwt.enabled && jwt.rotation_interval.is_some() && jwt.expiration_time > jwt.grace_period
}

/// Whether cookie caches outlive the keys that verify them.
fn copies_outlive_keys(jwt: &JwtSettings, cache: Option<&CookieCachePolicy>) -> bool {
    let max_age = cache.map(|cache| cache.max_age.span());
    jwt.session_cookie_cache
        && jwt.rotation_interval.is_some()
        && max_age.is_some_and(|max_age| max_age > jwt.grace_period)
}

/// Warns of each entry of `server.disabled_paths` that is not a route of this server.
fn unknown_paths(paths: &[RoutePath], names: &RouteNames) -> impl Iterator<Item = String> {
    let unknown = paths.iter().filter(|path| !names.has(path.as_str()));
    unknown.map(|path| {
        format!("server.disabled_paths names {}, which is no route of this server", path.as_str())
    })
}

/// Warns of each rule that applies to no route: none matches it, or earlier rules match the same routes.
fn useless_rules(settings: &RateLimitSettings, names: &RouteNames) -> Vec<String> {
    const KEY: &str = "rate_limit.custom_rules";
    let mut warnings = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    for rule in &settings.custom_rules {
        let fits: Vec<&str> = rule.routes(names).collect();
        let text = rule.as_str();
        if fits.is_empty() {
            warnings.push(format!("{KEY}: `{text}` fits no route of this server"));
        } else if fits.iter().all(|path| taken.contains(path)) {
            warnings.push(format!(
                "{KEY}: `{text}` applies to no route, since rules before it fit the same ones"
            ));
        }
        taken.extend(fits);
    }
    warnings
}
