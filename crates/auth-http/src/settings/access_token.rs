//! `[access_token]`: the token API's JWTs.

use time::Duration;

use super::error::SettingsError;
use super::reader::Reader;
use super::span;

/// The token API's JWTs.
#[derive(Clone, Debug)]
pub struct AccessTokenSettings {
    /// Life of an access token.
    pub ttl: Duration,
    /// `aud` claim; `None`: the claim is absent.
    pub audience: Option<String>,
    /// Whether tokens that others signed with the same secret are accepted.
    pub accept_foreign: bool,
}

impl AccessTokenSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        Ok(Self {
            ttl: span::long(reader, "access_token.ttl", 1)?,
            audience: reader.optional_text("access_token.audience")?,
            accept_foreign: reader.switch("access_token.accept_foreign")?,
        })
    }
}
