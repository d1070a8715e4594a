//! `[email_and_password]`: whether people sign up and in with a password.

use super::error::SettingsError;
use super::reader::Reader;

/// Whether people sign up and in with a password.
#[derive(Clone, Copy, Debug)]
pub struct EmailAndPasswordSettings {
    /// Offers sign-up and sign-in.
    pub enabled: bool,
    /// Refuses new users.
    pub disable_sign_up: bool,
    /// Failed tries at an account's password in a row after which further ones are delayed; zero: never.
    pub failures_before_delay: u32,
    /// Signs new users in.
    pub auto_sign_in: bool,
    /// Signs in nobody whose address is not proven.
    pub require_email_verification: bool,
}

impl EmailAndPasswordSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.switch("email_and_password.enabled")?,
            disable_sign_up: reader.switch("email_and_password.disable_sign_up")?,
            failures_before_delay: reader.number("email_and_password.failures_before_delay", 0..=100)?,
            auto_sign_in: reader.switch("email_and_password.auto_sign_in")?,
            require_email_verification: reader.switch("email_and_password.require_email_verification")?,
        })
    }
}
