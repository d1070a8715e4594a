//! `[username]`: Better Auth's `username` plugin.

use serde::{Deserialize, Deserializer};

use crate::config::{Section, SettingsError, values};

/// Better Auth's `username` plugin.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsernameSettings {
    /// Gives users a username to sign in with.
    pub(crate) enabled: bool,
    /// Minimum length in UTF-16 units.
    #[serde(deserialize_with = "values::whole::<1, LONGEST, _, _>")]
    pub(crate) min_length: usize,
    /// Maximum length in UTF-16 units.
    #[serde(deserialize_with = "values::whole::<1, LONGEST, _, _>")]
    pub(crate) max_length: usize,
    /// The form in which usernames are stored and compared.
    #[serde(deserialize_with = "normalization")]
    pub(crate) normalization: Normalization,
    /// The form of a username that is checked.
    #[serde(deserialize_with = "validation_order")]
    pub(crate) validation_order: ValidationOrder,
    /// Whether the username is also stored as typed, for display.
    pub(crate) display_username: bool,
}

/// The form in which usernames are stored and compared (`usernameNormalization`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Normalization {
    /// In lower case.
    Lowercase,
    /// As typed. Usernames that differ in case are different usernames.
    None,
}

/// The form of a username that is checked (`validationOrder.username`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValidationOrder {
    /// The username as typed.
    PreNormalization,
    /// The username as it is stored.
    PostNormalization,
}

/// Maximum of both lengths. A PostgreSQL index can hold usernames of this length.
const LONGEST: u64 = 255;

impl Section for UsernameSettings {
    const NAME: &'static str = "username";
    type Keys = Self;

    fn validate(keys: Self) -> Result<Self, SettingsError> {
        if keys.min_length > keys.max_length {
            let reason = "larger than `username.max_length`, so that no name fits";
            return Err(SettingsError::refused("username.min_length", reason, "lower it or raise the other"));
        }
        Ok(keys)
    }
}

fn normalization<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Normalization, D::Error> {
    values::word(deserializer, &[("lowercase", Normalization::Lowercase), ("none", Normalization::None)])
}

fn validation_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ValidationOrder, D::Error> {
    let words = [
        ("pre-normalization", ValidationOrder::PreNormalization),
        ("post-normalization", ValidationOrder::PostNormalization),
    ];
    values::word(deserializer, &words)
}
