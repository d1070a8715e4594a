//! The secret that signs cookies and tokens, and its rotation.

use std::fmt;
use std::sync::Arc;

use crate::mac::{MAC_BYTES, MacKey};
use crate::secret::Secret;

/// Better Auth's default secret (1.7.25, `DEFAULT_SECRET`).
const REFERENCE_DEFAULT: &str = "better-auth-secret-12345678901234567890";

/// Published secrets, compared without regard to case: Better Auth's default secret, the key of FastAPI's
/// OAuth2 tutorial, and the `JWT_SECRET` of the example environment of Supabase, from which applications
/// migrate to this server.
const PUBLISHED: [&str; 3] = [
    REFERENCE_DEFAULT,
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
];

/// Placeholders for secrets in configuration templates, compared in lower case without `-`, `_` and spaces.
/// The chance that 64 random base64 characters contain one of them is below 10^-10.
const PLACEHOLDERS: [&str; 6] =
    ["changeme", "changethis", "replaceme", "yoursecret", "yoursupersecret", "placeholder"];

/// Key material of `BETTER_AUTH_SECRET`. The UTF-8 bytes of the text are the key of every MAC.
///
/// [`SigningSecret::parse`] is the only constructor. Every `SigningSecret` is therefore at least
/// [`SigningSecret::MIN_BYTES`] long and is not a published example. Clones share one copy in memory.
///
/// ```
/// use auth_core::SigningSecret;
///
/// # let environment = "0123456789abcdef0123456789abcdef";
/// let secret = SigningSecret::parse(environment)?;
/// assert_eq!(format!("{secret:?}"), "SigningSecret(Secret(..))");
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
/// println!("{secret}"); // no Display
/// ```
///
/// ```compile_fail,E0277
/// let secret = auth_core::SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap();
/// let text = serde_json::to_string(&secret); // no Serialize
/// ```
#[derive(Clone)]
pub struct SigningSecret(Arc<KeyMaterial>);

struct KeyMaterial {
    text: Secret<String>,
    mac_key: MacKey,
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningSecret").field(&self.0.text).finish()
    }
}

/// Why a text cannot be a signing secret. The error contains at most the length, never the text.
///
/// ```
/// use auth_core::{SigningSecret, SigningSecretError};
///
/// let error = |text: &str| SigningSecret::parse(text).unwrap_err();
/// assert_eq!(error("hunter2").to_string(), "secret has 7 bytes, at least 32 are needed");
/// assert_eq!(error("please-change-me-before-you-deploy-this"), SigningSecretError::WellKnown);
/// assert_eq!(error(&"x".repeat(64)), SigningSecretError::Repetitive);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningSecretError {
    /// A key shorter than the MAC's output weakens it (RFC 7518 §3.2), and short secrets get guessed.
    #[error("secret has {bytes} bytes, at least {} are needed", SigningSecret::MIN_BYTES)]
    TooShort {
        /// Length of the given text in bytes.
        bytes: usize,
    },
    /// The text is a published default or placeholder, so every reader of that publication can sign.
    #[error("secret is a published default or placeholder")]
    WellKnown,
    /// The text repeats a single character.
    #[error("secret repeats a single character")]
    Repetitive,
}

impl SigningSecret {
    /// Shortest secret in bytes: the output length of SHA-256 (RFC 7518 §3.2).
    pub const MIN_BYTES: usize = 32;

    /// Creates a secret from a text. The text is not trimmed, because other servers that share the secret do
    /// not trim it either.
    ///
    /// # Errors
    ///
    /// - [`SigningSecretError::TooShort`]: fewer than [`SigningSecret::MIN_BYTES`] bytes.
    /// - [`SigningSecretError::WellKnown`]: Better Auth's own default or another published placeholder.
    /// - [`SigningSecretError::Repetitive`]: a single character repeated.
    pub fn parse(text: impl Into<String>) -> Result<Self, SigningSecretError> {
        let secret = Secret::new(text.into());
        let text = secret.expose();
        if is_well_known(text) {
            return Err(SigningSecretError::WellKnown);
        }
        if text.len() < Self::MIN_BYTES {
            return Err(SigningSecretError::TooShort { bytes: text.len() });
        }
        if text.chars().next().is_some_and(|first| text.chars().all(|other| other == first)) {
            return Err(SigningSecretError::Repetitive);
        }
        let mac_key = MacKey::new(text.as_bytes());
        Ok(Self(Arc::new(KeyMaterial { text: secret, mac_key })))
    }

    /// Whether a text is the secret that Better Auth uses if none is set. Better Auth and this server both
    /// ignore it as the legacy secret from before versioned secrets.
    pub fn is_reference_default(text: &str) -> bool {
        text == REFERENCE_DEFAULT
    }

    /// Returns the key. It stays inside the crate: other crates sign through functions that define what is
    /// signed.
    #[cfg(any(test, feature = "encryption"))]
    pub(crate) fn key(&self) -> &[u8] {
        self.0.text.expose().as_bytes()
    }

    /// Returns the key for MACs.
    pub(crate) fn mac_key(&self) -> &MacKey {
        &self.0.mac_key
    }

    /// Computes HMAC-SHA256 over `message` under the UTF-8 bytes of the secret.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; MAC_BYTES] {
        self.0.mac_key.mac(message)
    }
}

/// The secrets of `BETTER_AUTH_SECRETS`. The first one signs and encrypts. The others only decrypt values
/// that were encrypted with them (Better Auth core §8.7).
///
/// Signed cookies and HS256 tokens use the current secret alone, as in Better Auth, so a rotation signs every
/// browser out. Older versions matter only for encrypted values.
///
/// After a rotation to version 2, values that were encrypted with version 1 stay readable:
///
/// ```
/// use auth_core::{Purpose, SymmetricKeys, VersionedSecrets};
///
/// # let [first, second] = ["the first secret of this example", "the second secret of this example"];
/// let before = VersionedSecrets::parse(&format!("1:{first}"))?;
/// let after = VersionedSecrets::parse(&format!("2:{second},1:{first}"))?;
/// let keys = |secrets| SymmetricKeys::derive(secrets, Purpose::Stored);
/// let sealed = keys(&before).encrypt("a provider's token", &mut rand::rng())?;
/// assert_eq!(keys(&after).decrypt(&sealed)?.expose(), "a provider's token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct VersionedSecrets {
    current: VersionedSecret,
    retired: Vec<VersionedSecret>,
    legacy: Option<SigningSecret>,
    numbered: bool,
}

/// A secret and its version number.
///
/// ```
/// use auth_core::{VersionedSecret, VersionedSecrets};
///
/// # let environment = "2:the second secret of this example,1:the first secret of this example";
/// let secrets = VersionedSecrets::parse(environment)?;
/// let versions: Vec<u64> = secrets.iter().map(|VersionedSecret { version, .. }| *version).collect();
/// assert_eq!(versions, [2, 1], "the current one first");
/// # Ok::<(), auth_core::VersionedSecretsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct VersionedSecret {
    /// Number before the colon. It is unique; the numbers need no particular order.
    pub version: u64,
    /// The key material.
    pub secret: SigningSecret,
}

/// Why a list of secrets was refused. The error names an entry by its position, never by its text.
///
/// ```
/// use auth_core::VersionedSecrets;
/// use std::error::Error;
///
/// let error = VersionedSecrets::parse("2:the second secret of this example,1:hunter2").unwrap_err();
/// assert_eq!(error.to_string(), "entry 2 has no usable secret");
/// let cause = error.source().map(ToString::to_string);
/// assert_eq!(cause.as_deref(), Some("secret has 7 bytes, at least 32 are needed"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionedSecretsError {
    /// An entry is not `<version>:<secret>` with digits before the first colon.
    #[error("entry {position} is not of the form `<version>:<secret>`")]
    Form {
        /// Position of the entry, counted from 1.
        position: usize,
    },
    /// Two entries have the same version.
    #[error("version {version} stands twice")]
    DuplicateVersion {
        /// The version.
        version: u64,
    },
    /// [`SigningSecret::parse`] refuses the secret of an entry.
    #[error("entry {position} has no usable secret")]
    Secret {
        /// Position of the entry, counted from 1.
        position: usize,
        /// Why the secret was refused.
        #[source]
        source: SigningSecretError,
    },
}

impl VersionedSecrets {
    /// Creates the list of a server with one secret that was never rotated.
    pub fn single(secret: SigningSecret) -> Self {
        Self {
            current: VersionedSecret { version: 0, secret },
            retired: Vec::new(),
            legacy: None,
            numbered: false,
        }
    }

    /// Parses `<version>:<secret>,<version>:<secret>`. Entries are separated by commas and trimmed. The
    /// version is a decimal number before the first colon; the rest, trimmed, is the secret. The first entry
    /// is current.
    ///
    /// # Errors
    ///
    /// - [`VersionedSecretsError::Form`]: an entry without a colon or a number, or an empty list.
    /// - [`VersionedSecretsError::DuplicateVersion`]: two entries with the same version.
    /// - [`VersionedSecretsError::Secret`]: a secret that [`SigningSecret::parse`] refuses.
    pub fn parse(text: &str) -> Result<Self, VersionedSecretsError> {
        let mut entries: Vec<VersionedSecret> = Vec::new();
        for (index, entry) in text.split(',').enumerate() {
            let entry = parse_entry(entry, index + 1)?;
            if entries.iter().any(|other| other.version == entry.version) {
                return Err(VersionedSecretsError::DuplicateVersion { version: entry.version });
            }
            entries.push(entry);
        }
        let mut entries = entries.into_iter();
        let current = entries.next().ok_or(VersionedSecretsError::Form { position: 1 })?;
        Ok(Self { current, retired: entries.collect(), legacy: None, numbered: true })
    }

    /// Adds the legacy secret from before versioned secrets (`BETTER_AUTH_SECRET` beside
    /// `BETTER_AUTH_SECRETS`). It decrypts values from that time, and never signs or encrypts.
    #[must_use]
    pub fn with_legacy(mut self, secret: SigningSecret) -> Self {
        self.legacy = Some(secret);
        self
    }

    /// Returns the secret that signs and encrypts.
    pub fn current(&self) -> &SigningSecret {
        &self.current.secret
    }

    /// Returns the legacy secret from before versioned secrets, if there is one.
    pub fn legacy(&self) -> Option<&SigningSecret> {
        self.legacy.as_ref()
    }

    /// Whether the secrets have versions; `false` for a single secret without a version.
    pub fn are_numbered(&self) -> bool {
        self.numbered
    }

    /// Returns all entries with a version, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &VersionedSecret> {
        std::iter::once(&self.current).chain(&self.retired)
    }
}

fn is_well_known(text: &str) -> bool {
    let letters: String =
        text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    let letters = Secret::new(letters);
    PUBLISHED.iter().any(|published| text.trim().eq_ignore_ascii_case(published))
        || PLACEHOLDERS.iter().any(|placeholder| letters.expose().contains(placeholder))
}

fn parse_entry(entry: &str, position: usize) -> Result<VersionedSecret, VersionedSecretsError> {
    let form = VersionedSecretsError::Form { position };
    let (version, secret) = entry.trim().split_once(':').ok_or(form.clone())?;
    let version = version.trim();
    if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form);
    }
    let Ok(version) = version.parse() else {
        return Err(form);
    };
    match SigningSecret::parse(secret.trim()) {
        Ok(secret) => Ok(VersionedSecret { version, secret }),
        Err(source) => Err(VersionedSecretsError::Secret { position, source }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";
    const OTHER: &str = "fedcba9876543210fedcba9876543210";

    #[test]
    fn r_110_length_is_counted_in_bytes() {
        let refused = SigningSecret::parse("0123456789abcdef0123456789abcde").unwrap_err();
        assert_eq!(refused, SigningSecretError::TooShort { bytes: 31 });
        assert!(SigningSecret::parse(GOOD).is_ok());
        assert!(SigningSecret::parse("ключ-ключ-ключ-ключ").is_ok(), "35 bytes in 19 characters");
    }

    #[test]
    fn r_110_published_defaults_and_placeholders_are_refused() {
        for known in PUBLISHED {
            for text in [known.to_owned(), known.to_uppercase(), format!(" {known}\n")] {
                assert_eq!(SigningSecret::parse(text).unwrap_err(), SigningSecretError::WellKnown, "{known}");
            }
        }
        for text in [
            "change-me-change-me-change-me-change-me",
            "CHANGE_THIS_TO_A_LONG_RANDOM_STRING_PLEASE",
            "your-secret-key-at-least-32-characters-long",
            "replace me with 32 random characters, please",
        ] {
            assert_eq!(SigningSecret::parse(text).unwrap_err(), SigningSecretError::WellKnown, "{text}");
        }
        assert_eq!(SigningSecret::parse("x".repeat(64)).unwrap_err(), SigningSecretError::Repetitive);
    }

    #[test]
    fn r_116_neither_debug_nor_errors_show_the_secret() {
        let secret = SigningSecret::parse(GOOD).unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(Secret(..))");
        let list = VersionedSecrets::parse(&format!("1:{GOOD}")).unwrap();
        assert!(!format!("{list:?}").contains("0123"));
        let refused = VersionedSecrets::parse("1:hunter2").unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("hunter2"));
    }

    #[test]
    fn the_first_entry_is_current() {
        let list = VersionedSecrets::parse(&format!(" 7:{GOOD} , 3: {OTHER}")).unwrap();
        assert_eq!(list.iter().map(|entry| entry.version).collect::<Vec<_>>(), [7, 3]);
        assert_eq!(list.current().key(), GOOD.as_bytes());
    }

    #[test]
    fn colons_after_the_first_belong_to_the_secret() {
        let list = VersionedSecrets::parse(&format!("0:a:{GOOD}")).unwrap();
        assert_eq!(list.current().key(), format!("a:{GOOD}").as_bytes());
    }

    #[test]
    fn malformed_lists_are_refused_by_place() {
        let check = |text: &str, expected: VersionedSecretsError| {
            assert_eq!(VersionedSecrets::parse(text).unwrap_err(), expected, "{text}");
        };
        let form = |position| VersionedSecretsError::Form { position };
        check("", form(1));
        check(GOOD, form(1));
        check(&format!(":{GOOD}"), form(1));
        check(&format!("-1:{GOOD}"), form(1));
        check(&format!("+1:{GOOD}"), form(1));
        check(&format!("1.5:{GOOD}"), form(1));
        check(&format!("99999999999999999999999:{GOOD}"), form(1));
        check(&format!("1:{GOOD},"), form(2));
        check(&format!("1:{GOOD},1:{OTHER}"), VersionedSecretsError::DuplicateVersion { version: 1 });
        let short = SigningSecretError::TooShort { bytes: 0 };
        check(&format!("1:{GOOD},2:"), VersionedSecretsError::Secret { position: 2, source: short });
    }
}
