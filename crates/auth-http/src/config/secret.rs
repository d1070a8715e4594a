//! Secrets of the settings: `<key>`, or the file that `<key>_file` names.

use std::fmt;

use auth_core::Secret;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::error::{Problem, SettingsError};

/// The name of the newtype by which the deserializer of settings knows a secret, as a type cannot tell it
/// otherwise.
pub(super) const MARK: &str = "$auth_http::config::SecretText";

/// A text that is not shown, or none. A field of this type has two keys, `<key>` and `<key>_file`.
#[derive(Clone, Debug)]
pub(crate) struct SecretText(Option<Held>);

#[derive(Clone, Debug)]
struct Held {
    text: Secret<String>,
    /// The key that the text came from, `<key>` or `<key>_file`.
    key: String,
}

impl SecretText {
    /// Gives the text, if there is one.
    pub(crate) fn text(&self) -> Option<&Secret<String>> {
        self.0.as_ref().map(|held| &held.text)
    }

    /// Makes an error that names the key which the text came from; `key` where there is no text.
    pub(crate) fn refused(&self, key: &str, reason: impl fmt::Display, way_out: &str) -> SettingsError {
        let key = self.0.as_ref().map_or(key, |held| &held.key);
        SettingsError::new(key, Problem::refused(reason, way_out))
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyAndText;

        impl<'de> Visitor<'de> for KeyAndText {
            type Value = SecretText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text in quotes")
            }

            fn visit_none<E: de::Error>(self) -> Result<SecretText, E> {
                Ok(SecretText(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut held: A) -> Result<SecretText, A::Error> {
                let (key, text) = (held.next_element()?, held.next_element()?);
                Ok(SecretText(key.zip(text).map(|(key, text)| Held { key, text: Secret::new(text) })))
            }
        }

        deserializer.deserialize_newtype_struct(MARK, KeyAndText)
    }
}
