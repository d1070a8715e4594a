//! `[jwt]`: Better Auth's `jwt` plugin.

use auth_core::{BaseUrl, JwsAlgorithm, JwtPayload, JwtPolicy, RSA_BITS};
use serde::{Deserialize, Deserializer};
use time::Duration;

use crate::config::route_path::RoutePath;
use crate::config::span::{self, DAY, SECOND};
use crate::config::{Section, SettingsError, values};

/// Better Auth's `jwt` plugin: tokens that are verified with a public key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSettings {
    /// Whether the plugin's routes exist.
    pub enabled: bool,
    /// Algorithm of new keys, and of stored keys that name none.
    #[serde(deserialize_with = "algorithm")]
    pub algorithm: JwsAlgorithm,
    /// Size of new RSA keys in bits.
    #[serde(deserialize_with = "rsa_modulus_length")]
    pub rsa_modulus_length: u32,
    /// Time after which a key no longer signs. `None` means that keys are not replaced automatically.
    #[serde(deserialize_with = "rotation_interval")]
    pub rotation_interval: Option<Duration>,
    /// Time for which a key is still published after that.
    #[serde(deserialize_with = "span::seconds::<0, LONGEST, _>")]
    pub grace_period: Duration,
    /// Whether private keys are stored unencrypted.
    pub disable_private_key_encryption: bool,
    /// Path of the public keys, below the base path.
    #[serde(deserialize_with = "jwks_path")]
    pub jwks_path: RoutePath,
    /// `iss` of tokens. `None` means the origin under which a token is requested.
    pub issuer: Option<String>,
    /// `aud` of tokens. `None` means the same origin.
    pub audience: Option<String>,
    /// Lifetime of tokens.
    #[serde(deserialize_with = "span::life::<SECOND, _>")]
    pub expiration_time: Duration,
    /// The user data in tokens.
    #[serde(deserialize_with = "payload")]
    pub payload: JwtPayload,
    /// Whether `/get-session` omits `set-auth-jwt`.
    pub disable_setting_jwt_header: bool,
    /// Whether the cookie cache is signed with these keys instead of the secret.
    pub session_cookie_cache: bool,
}

/// Maximum rotation interval and grace period: ten years, in milliseconds.
const LONGEST: u64 = 3_650 * DAY;

impl Section for JwtSettings {
    const NAME: &'static str = "jwt";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

impl JwtSettings {
    /// Returns issuer, audience and lifetime of tokens that are requested under a base URL.
    pub fn policy(&self, base_url: &BaseUrl) -> JwtPolicy {
        let or_origin = |text: &Option<String>| text.clone().unwrap_or_else(|| base_url.origin().to_owned());
        JwtPolicy {
            issuer: or_origin(&self.issuer),
            audience: or_origin(&self.audience),
            ttl: self.expiration_time,
        }
    }
}

fn algorithm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JwsAlgorithm, D::Error> {
    values::word(deserializer, &JwsAlgorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm)))
}

fn rsa_modulus_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    values::number(deserializer, RSA_BITS)
}

fn rotation_interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let interval = span::seconds::<0, LONGEST, D>(deserializer)?;
    Ok(Some(interval).filter(|interval| interval.is_positive()))
}

/// Reads the path of one route. Braces are refused, because the router would read them as a pattern.
fn jwks_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoutePath, D::Error> {
    let is_one = |path: &RoutePath| !path.as_str().contains(['{', '}']);
    values::parsed(deserializer, JWKS_PATH_WANTED, |text| RoutePath::parse(text).filter(is_one))
}

/// The expected form of `jwks_path`.
pub(crate) const JWKS_PATH_WANTED: &str = "a path below the base path, such as \"/jwks\"";

fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JwtPayload, D::Error> {
    let words = [
        ("user", JwtPayload::User),
        ("minimal", JwtPayload::Minimal),
        ("neon-data-api", JwtPayload::NeonDataApi),
    ];
    values::word(deserializer, &words)
}
