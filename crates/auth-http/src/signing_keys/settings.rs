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
    /// Whether the plugin's routes are there.
    pub enabled: bool,
    /// Algorithm of new keys, and of stored ones that do not name theirs.
    #[serde(deserialize_with = "algorithm")]
    pub algorithm: JwsAlgorithm,
    /// Size of new RSA keys in bits.
    #[serde(deserialize_with = "rsa_modulus_length")]
    pub rsa_modulus_length: u32,
    /// Time after which a key signs nothing any more; `None`: keys are not replaced by themselves.
    #[serde(deserialize_with = "rotation_interval")]
    pub rotation_interval: Option<Duration>,
    /// Time for which a key is still shown from then on.
    #[serde(deserialize_with = "span::seconds::<0, LONGEST, _>")]
    pub grace_period: Duration,
    /// Whether private keys are stored in the clear.
    pub disable_private_key_encryption: bool,
    /// Path of the public keys, below the base path.
    #[serde(deserialize_with = "jwks_path")]
    pub jwks_path: RoutePath,
    /// `iss` of tokens; `None`: the origin under which one is asked for.
    pub issuer: Option<String>,
    /// `aud` of tokens; `None`: the same origin.
    pub audience: Option<String>,
    /// Life of tokens.
    #[serde(deserialize_with = "span::life::<SECOND, _>")]
    pub expiration_time: Duration,
    /// What tokens say of their users.
    #[serde(deserialize_with = "payload")]
    pub payload: JwtPayload,
    /// Whether `/get-session` goes without `set-auth-jwt`.
    pub disable_setting_jwt_header: bool,
    /// Whether copies of sessions in cookies are signed with these keys instead of the secret.
    pub session_cookie_cache: bool,
}

/// The longest time that keys live or are shown for, ten years, in milliseconds.
const LONGEST: u64 = 3_650 * DAY;

impl Section for JwtSettings {
    const NAME: &'static str = "jwt";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}

impl JwtSettings {
    /// Gives issuer, audience and life of tokens that are asked for under an address.
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

/// Reads a path of one route: the router would take braces for a pattern.
fn jwks_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoutePath, D::Error> {
    let is_one = |path: &RoutePath| !path.as_str().contains(['{', '}']);
    values::parsed(deserializer, JWKS_PATH_WANTED, |text| RoutePath::parse(text).filter(is_one))
}

/// What `jwks_path` should be.
pub(crate) const JWKS_PATH_WANTED: &str = "a path below the base path, such as \"/jwks\"";

fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JwtPayload, D::Error> {
    let words = [
        ("user", JwtPayload::User),
        ("minimal", JwtPayload::Minimal),
        ("neon-data-api", JwtPayload::NeonDataApi),
    ];
    values::word(deserializer, &words)
}
