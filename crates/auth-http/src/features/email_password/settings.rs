//! `[email_and_password]`: sign-up and sign-in with a password.

use serde::Deserialize;

use crate::config::{Section, SettingsError, values};

/// Sign-up and sign-in with a password.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailAndPasswordSettings {
    /// Offers sign-up and sign-in.
    pub enabled: bool,
    /// Refuses new users.
    pub disable_sign_up: bool,
    /// Number of consecutive failed attempts at an account's password after which further attempts are
    /// delayed; zero: never.
    #[serde(deserialize_with = "values::whole::<0, 100, _, _>")]
    pub failures_before_delay: u32,
    /// Signs new users in.
    pub auto_sign_in: bool,
    /// Refuses sign-in to users whose address is not verified.
    pub require_email_verification: bool,
}

impl Section for EmailAndPasswordSettings {
    const NAME: &'static str = "email_and_password";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        Ok(keys)
    }
}
