//! `[access_token]`: the token API's JWTs.

use serde::Deserialize;
use time::Duration;

use crate::config::span::{self, SECOND};
use crate::config::{Section, SettingsError};

/// The token API's JWTs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessTokenSettings {
    /// Lifetime of an access token.
    #[serde(deserialize_with = "span::life::<SECOND, _>")]
    pub ttl: Duration,
    /// `aud` claim; `None`: the claim is absent.
    pub audience: Option<String>,
    /// Whether tokens that another issuer signed with the same secret are accepted.
    pub accept_foreign: bool,
}

impl Section for AccessTokenSettings {
    const NAME: &'static str = "access_token";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}
