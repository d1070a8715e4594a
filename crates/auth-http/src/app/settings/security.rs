//! `[security]`: secrets, trusted origins, and the switches that weaken checks.

use std::fmt;

use auth_core::{SigningSecret, VersionedSecrets};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::route_path::RoutePath;
use crate::config::{Problem, SecretText, Section, SettingsError, chain, values};
use crate::web::origin::pattern_problem::unusable;
use crate::web::origin::{OriginPattern, UncheckedOrigins};

/// Secrets, trusted origins, and the switches that weaken checks.
#[derive(Clone, Debug)]
pub struct SecuritySettings {
    /// Key material of cookies and tokens.
    pub secrets: VersionedSecrets,
    /// Patterns of origins that may send requests with cookies (Better Auth core §4.4). The server's own
    /// addresses come first.
    pub trusted_origins: Vec<String>,
    /// Turns off the cross-site request checks; `None` if it is not set: then `disable_origin_check` decides
    /// on the check of cross-site navigation.
    pub disable_csrf_check: Option<bool>,
    /// Where `Origin` and redirect targets are not checked.
    pub disable_origin_check: UncheckedOrigins,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    secret: SecretText,
    secrets: SecretText,
    #[serde(deserialize_with = "origins")]
    trusted_origins: Vec<String>,
    disable_csrf_check: Option<bool>,
    #[serde(deserialize_with = "unchecked_origins")]
    disable_origin_check: UncheckedOrigins,
}

const GENERATE: &str = "make one with `openssl rand -base64 48` and set it as BETTER_AUTH_SECRET, or its file as BETTER_AUTH_SECRET_FILE";

const LEAVE_OUT: &str = "beside versioned secrets it only decrypts what was encrypted before them: leave it out, and that is no longer read";

impl Section for SecuritySettings {
    const NAME: &'static str = "security";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        Ok(Self {
            secrets: secrets(&keys.secret, &keys.secrets)?,
            trusted_origins: keys.trusted_origins,
            disable_csrf_check: keys.disable_csrf_check,
            disable_origin_check: keys.disable_origin_check,
        })
    }
}

/// Reads the versioned secrets, or the single secret. A single secret beside versioned ones is older than
/// those and only decrypts old values. Better Auth's published default secret is ignored there, as in the
/// reference (Better Auth core §8.7). The errors of secrets and their causes contain positions and lengths
/// only.
fn secrets(one: &SecretText, many: &SecretText) -> Result<VersionedSecrets, SettingsError> {
    const ONE: &str = "security.secret";
    const MANY: &str = "security.secrets";
    if let Some(text) = many.text() {
        let secrets = VersionedSecrets::parse(text.expose())
            .map_err(|error| many.refused(MANY, chain(&error), GENERATE))?;
        let legacy = one.text().filter(|text| !SigningSecret::is_reference_default(text.expose()));
        return match legacy.map(|legacy| SigningSecret::parse(legacy.expose().as_str())) {
            None => Ok(secrets),
            Some(Ok(legacy)) => Ok(secrets.with_legacy(legacy)),
            Some(Err(error)) => Err(one.refused(ONE, chain(&error), LEAVE_OUT)),
        };
    }
    let text = one.text().ok_or_else(|| SettingsError::new(ONE, Problem::Missing { way_out: GENERATE }))?;
    SigningSecret::parse(text.expose().as_str())
        .map(VersionedSecrets::single)
        .map_err(|error| one.refused(ONE, chain(&error), GENERATE))
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    values::list(deserializer, |place, text| match OriginPattern::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => {
            let way_out = "write it like https://app.example.com or https://*.example.com";
            Err(values::refused(format!("entry {place} {}", unusable(&error)), way_out))
        }
    })
}

/// Reads a boolean or a list of paths.
fn unchecked_origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UncheckedOrigins, D::Error> {
    struct SwitchOrPaths;

    impl SwitchOrPaths {
        fn read<E: de::Error>(self, texts: &[String]) -> Result<UncheckedOrigins, E> {
            let items = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
            let paths: Option<Vec<_>> = items.filter(|item| !item.is_empty()).map(RoutePath::parse).collect();
            let paths = paths.filter(|paths| !paths.is_empty());
            paths.map(UncheckedOrigins::Below).ok_or_else(|| values::expected(WANTED))
        }
    }

    impl<'de> Visitor<'de> for SwitchOrPaths {
        type Value = UncheckedOrigins;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(WANTED)
        }

        fn visit_bool<E: de::Error>(self, on: bool) -> Result<UncheckedOrigins, E> {
            Ok(if on { UncheckedOrigins::Everywhere } else { UncheckedOrigins::Nowhere })
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<UncheckedOrigins, E> {
            match text {
                "true" => self.visit_bool(true),
                "false" => self.visit_bool(false),
                _ => self.read(&[text.to_owned()]),
            }
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<UncheckedOrigins, A::Error> {
            let mut texts = Vec::new();
            while let Some(text) = items.next_element()? {
                texts.push(text);
            }
            self.read(&texts)
        }
    }

    deserializer.deserialize_any(SwitchOrPaths)
}

const WANTED: &str = "true, false, or a list of paths below the base path, such as [\"/sign-in\"]";
