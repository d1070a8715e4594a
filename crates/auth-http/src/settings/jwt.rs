//! `[jwt]`: Better Auth's `jwt` plugin.

use std::time::Duration as Span;

use auth_core::{CacheStrategy, CookieCachePolicy, JwsAlgorithm, JwtPayload, JwtPolicy, RSA_BITS};
use time::Duration;

use super::base_url::BaseUrl;
use super::error::{Problem, SettingsError};
use super::reader::Reader;
use super::server::ServerSettings;
use super::span;
use crate::config::route_path::RoutePath;
use crate::routes;
use crate::server::health;

/// Better Auth's `jwt` plugin: tokens that are verified with a public key.
#[derive(Clone, Debug)]
pub struct JwtSettings {
    /// Whether the plugin's routes are there.
    pub enabled: bool,
    /// Algorithm of new keys, and of stored ones that do not name theirs.
    pub algorithm: JwsAlgorithm,
    /// Size of new RSA keys in bits.
    pub rsa_modulus_length: u32,
    /// Time after which a key signs nothing any more; `None`: keys are not replaced by themselves.
    pub rotation_interval: Option<Duration>,
    /// Time for which a key is still shown from then on.
    pub grace_period: Duration,
    /// Whether private keys are stored in the clear.
    pub disable_private_key_encryption: bool,
    /// Path of the public keys, below the base path.
    pub jwks_path: RoutePath,
    /// `iss` of tokens; `None`: the origin under which one is asked for.
    pub issuer: Option<String>,
    /// `aud` of tokens; `None`: the same origin.
    pub audience: Option<String>,
    /// Life of tokens.
    pub expiration_time: Duration,
    /// What tokens say of their users.
    pub payload: JwtPayload,
    /// Whether `/get-session` goes without `set-auth-jwt`.
    pub disable_setting_jwt_header: bool,
    /// Whether copies of sessions in cookies are signed with these keys instead of the secret.
    pub session_cookie_cache: bool,
}

const JWKS_PATH: &str = "jwt.jwks_path";
const SESSION_COOKIE_CACHE: &str = "jwt.session_cookie_cache";

/// The longest time that keys live or are shown for, ten years.
const LONGEST: Span = Span::from_secs(3_650 * 24 * 60 * 60);

impl JwtSettings {
    pub(super) fn read(reader: &Reader, server: &ServerSettings) -> Result<Self, SettingsError> {
        let rotation_interval = seconds(reader.span("jwt.rotation_interval", Span::ZERO..=LONGEST)?);
        let algorithms = JwsAlgorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm));
        Ok(Self {
            enabled: reader.switch("jwt.enabled")?,
            algorithm: reader.choice("jwt.algorithm", &algorithms)?,
            rsa_modulus_length: reader.number("jwt.rsa_modulus_length", RSA_BITS)?,
            rotation_interval: Some(rotation_interval).filter(|interval| interval.is_positive()),
            grace_period: seconds(reader.span("jwt.grace_period", Span::ZERO..=LONGEST)?),
            disable_private_key_encryption: reader.switch("jwt.disable_private_key_encryption")?,
            jwks_path: jwks_path(reader, &server.base_path)?,
            issuer: reader.optional_text("jwt.issuer")?,
            audience: reader.optional_text("jwt.audience")?,
            expiration_time: span::long(reader, "jwt.expiration_time", 1)?,
            payload: reader.choice(
                "jwt.payload",
                &[
                    ("user", JwtPayload::User),
                    ("minimal", JwtPayload::Minimal),
                    ("neon-data-api", JwtPayload::NeonDataApi),
                ],
            )?,
            disable_setting_jwt_header: reader.switch("jwt.disable_setting_jwt_header")?,
            session_cookie_cache: reader.switch(SESSION_COOKIE_CACHE)?,
        })
    }

    /// Refuses copies under these keys where there are no keys, or no copies of that form (1.7.25, the plugin's `init`).
    pub(super) fn check_copies(
        &self,
        reader: &Reader,
        cache: Option<&CookieCachePolicy>,
    ) -> Result<(), SettingsError> {
        let (reason, way_out) = match (self.enabled, cache.map(|cache| cache.strategy)) {
            _ if !self.session_cookie_cache => return Ok(()),
            (true, Some(CacheStrategy::Jwt)) => return Ok(()),
            (false, _) => ("the plugin whose keys sign is off", "turn on `jwt.enabled`"),
            (true, None) => ("there is no cookie cache", "turn on `session.cookie_cache.enabled`"),
            (true, Some(CacheStrategy::Compact | CacheStrategy::Jwe)) => (
                "a cookie cache of this form has no key of the plugin",
                "set `session.cookie_cache.strategy` to \"jwt\"",
            ),
        };
        let problem = Problem::Refused { reason: reason.to_owned(), way_out };
        Err(reader.problem(SESSION_COOKIE_CACHE, problem))
    }

    /// Tells whether copies outlive the keys that check them.
    pub(super) fn copies_outlive_keys(&self, cache: Option<&CookieCachePolicy>) -> bool {
        let max_age = cache.map(|cache| cache.max_age.span());
        self.session_cookie_cache
            && self.rotation_interval.is_some()
            && max_age.is_some_and(|max_age| max_age > self.grace_period)
    }

    /// Gives issuer, audience and life of tokens that are asked for under an address.
    pub fn policy(&self, base_url: &BaseUrl) -> JwtPolicy {
        let or_origin = |text: &Option<String>| text.clone().unwrap_or_else(|| base_url.origin().to_owned());
        JwtPolicy {
            issuer: or_origin(&self.issuer),
            audience: or_origin(&self.audience),
            ttl: self.expiration_time,
        }
    }

    /// Tells whether tokens outlive the keys that verify them: rotated keys are no longer shown while some are good.
    pub(super) fn outlives_its_keys(&self) -> bool {
        self.enabled && self.rotation_interval.is_some() && self.expiration_time > self.grace_period
    }
}

fn seconds(span: Span) -> Duration {
    Duration::seconds(span.as_secs().cast_signed())
}

fn jwks_path(reader: &Reader, base_path: &str) -> Result<RoutePath, SettingsError> {
    let text = reader.text(JWKS_PATH)?;
    let path = RoutePath::parse(&text)
        // The router would take braces for a pattern.
        .filter(|path| !path.has_base(base_path) && !path.as_str().contains(['{', '}']))
        .ok_or_else(|| reader.expected(JWKS_PATH, "a path below the base path, such as \"/jwks\""))?;
    let is_another_routes = routes::is_in_table(path.as_str()) && !routes::is_for_keys(path.as_str());
    if is_another_routes || health::is_probe(&format!("{base_path}{}", path.as_str())) {
        let reason = "the path is another route's".to_owned();
        let way_out = "choose one that no route has, such as \"/jwks\"";
        return Err(reader.problem(JWKS_PATH, Problem::Refused { reason, way_out }));
    }
    Ok(path)
}
