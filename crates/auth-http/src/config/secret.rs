//! Secrets in the settings: the value of `<key>`, or the content of the file that `<key>_file` names.

use std::fmt;

use auth_core::Secret;
use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};

use super::error::{Problem, SettingsError};

/// The newtype name by which the settings deserializer recognises a secret. A serde type cannot tell it in
/// another way.
pub(super) const MARK: &str = "$auth_http::config::SecretText";

/// An optional text that is never shown. A field of this type has two keys, `<key>` and `<key>_file`.
#[derive(Clone, Debug)]
pub(crate) struct SecretText(Option<Held>);

#[derive(Clone, Debug)]
struct Held {
    text: Secret<String>,
    /// The key that the text came from, `<key>` or `<key>_file`.
    key: String,
}

impl SecretText {
    /// Returns the text, if there is one.
    pub(crate) fn text(&self) -> Option<&Secret<String>> {
        self.0.as_ref().map(|held| &held.text)
    }

    /// Creates an error that names the key from which the text came, or `key` if there is no text.
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
