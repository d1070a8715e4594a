//! `[security]`: secrets, trusted origins, and the switches that weaken checks.

use auth_core::{SigningSecret, VersionedSecrets};

use super::error::{Problem, SettingsError};
use super::paths;
use super::reader::Reader;
use super::server::ServerSettings;
use crate::server::logging::chain;
use crate::web::origin::{OriginPattern, ParsePatternError, UncheckedOrigins};

/// Secrets, trusted origins, and the switches that weaken checks.
#[derive(Clone, Debug)]
pub struct SecuritySettings {
    /// Key material of cookies and tokens.
    pub secrets: VersionedSecrets,
    /// Patterns of origins that may send requests with cookies (Better Auth core §4.4); those of
    /// this server's own addresses come first.
    pub trusted_origins: Vec<String>,
    /// Turns off the cross-site request checks; `None` where it is not set, which leaves the check of cross-site
    /// navigation to `disable_origin_check`.
    pub disable_csrf_check: Option<bool>,
    /// Where Origin and redirect targets are not checked.
    pub disable_origin_check: UncheckedOrigins,
}

const ORIGINS: &str = "security.trusted_origins";
const GENERATE: &str = "make one with `openssl rand -base64 48` and set it as BETTER_AUTH_SECRET, or its file as BETTER_AUTH_SECRET_FILE";

const LEAVE_OUT: &str = "beside versioned secrets it only decrypts what was encrypted before them: leave it out, and that is no longer read";

impl SecuritySettings {
    pub(super) fn read(reader: &Reader, server: &ServerSettings) -> Result<Self, SettingsError> {
        let mut trusted_origins = server.base_url.origins();
        for (index, pattern) in reader.list(ORIGINS)?.into_iter().enumerate() {
            if let Err(error) = OriginPattern::parse(&pattern) {
                let reason = format!("entry {} {}", index + 1, unusable(&error));
                let way_out = "write it like https://app.example.com or https://*.example.com";
                return Err(reader.problem(ORIGINS, Problem::Refused { reason, way_out }));
            }
            if !trusted_origins.contains(&pattern) {
                trusted_origins.push(pattern);
            }
        }
        Ok(Self {
            secrets: secrets(reader)?,
            trusted_origins,
            disable_csrf_check: reader.optional_switch("security.disable_csrf_check")?,
            disable_origin_check: unchecked_origins(reader, &server.base_path)?,
        })
    }
}

/// Reads a switch that may also be a list of paths.
fn unchecked_origins(reader: &Reader, base_path: &str) -> Result<UncheckedOrigins, SettingsError> {
    const KEY: &str = "security.disable_origin_check";
    if let Ok(on) = reader.switch(KEY) {
        return Ok(if on { UncheckedOrigins::Everywhere } else { UncheckedOrigins::Nowhere });
    }
    let expected = "true, false, or a list of paths below the base path, such as [\"/sign-in\"]";
    let paths = paths::read(reader, KEY, base_path, expected)?;
    if paths.is_empty() { Err(reader.expected(KEY, expected)) } else { Ok(UncheckedOrigins::Below(paths)) }
}

/// Says what is wrong with a pattern without quoting it.
pub(super) fn unusable(error: &ParsePatternError) -> &'static str {
    match error {
        ParsePatternError::Empty => "is empty",
        ParsePatternError::ScriptScheme(_) => "is a script and can never be trusted",
        ParsePatternError::NotAnOrigin { .. } => {
            "is not an origin as browsers write it: scheme, lower-case host and no default port, nothing after it"
        }
        ParsePatternError::NoScheme(_) => "has no scheme",
        ParsePatternError::TrustsEveryone(_) => "trusts every site; name at least a domain",
        ParsePatternError::NeverMatches(_) => {
            "would never match: hosts are in lower case, an origin ends before its path, and a scheme has no wildcard"
        }
        ParsePatternError::TrustsStrangers(_) => {
            "trusts names that anyone can register; end it in a domain, with a dot after a leading wildcard"
        }
    }
}

/// Reads the versioned secrets, or the single one. A single one beside versioned ones is that of the time
/// before them, with which old values are decrypted; the published default of Better Auth counts for nothing
/// there, as on the reference (Better Auth core §8.7). Errors of secrets hold places and lengths only, and so
/// do their causes.
fn secrets(reader: &Reader) -> Result<VersionedSecrets, SettingsError> {
    const ONE: &str = "security.secret";
    const MANY: &str = "security.secrets";
    let refused = |key: &str, reason: String, way_out| {
        reader.problem(&reader.holder(key), Problem::Refused { reason, way_out })
    };
    let single = reader.secret(ONE)?;
    if let Some(many) = reader.secret(MANY)? {
        let secrets =
            VersionedSecrets::parse(many.expose()).map_err(|error| refused(MANY, chain(&error), GENERATE))?;
        let legacy = single.filter(|single| !SigningSecret::is_reference_default(single.expose()));
        return match legacy.map(|legacy| SigningSecret::parse(legacy.expose().as_str())) {
            None => Ok(secrets),
            Some(Ok(legacy)) => Ok(secrets.with_legacy(legacy)),
            Some(Err(error)) => Err(refused(ONE, chain(&error), LEAVE_OUT)),
        };
    }
    let single = single.ok_or_else(|| reader.problem(ONE, Problem::Missing { way_out: GENERATE }))?;
    SigningSecret::parse(single.expose().as_str())
        .map(VersionedSecrets::single)
        .map_err(|error| refused(ONE, chain(&error), GENERATE))
}
