//! Values that are encrypted in the database or in a cookie, such as the tokens of an OAuth provider (Better
//! Auth core §8.6, §8.7).
//!
//! The cipher is XChaCha20-Poly1305; the key is the SHA-256 of the secret's text. A value is a random nonce
//! of 24 bytes, the ciphertext and the tag, all in lower-case hex. If secrets have versions, `$ba$<version>$`
//! precedes the hex and names the version.

use std::fmt::Write;

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::secret::Secret;
use crate::signing_secret::{SigningSecret, VersionedSecrets};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Prefix of a version (Better Auth 1.7.25, `ENVELOPE_PREFIX`).
const ENVELOPE: &str = "$ba$";

/// HKDF salt of keys with a purpose (Better Auth 1.7.25, `crypto/purpose`).
const PURPOSE_SALT: &[u8] = b"better-auth:oauth-encryption:v1";

/// The purpose of an encrypted value. Each purpose has its own keys, so a value of one does not decrypt under
/// another.
///
/// ```
/// use auth_core::{Purpose, SymmetricError, SymmetricKeys};
///
/// # use auth_core::{SigningSecret, VersionedSecrets};
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let column = SymmetricKeys::derive(&secrets, Purpose::Stored);
/// let cookie = SymmetricKeys::derive(&secrets, Purpose::OAuthStateCookie);
/// let sealed = column.encrypt("a provider's token", &mut rand::rng())?;
/// assert_eq!(cookie.decrypt(&sealed).unwrap_err(), SymmetricError::Key);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Database columns, under the secret itself.
    Stored,
    /// The state of a sign-in with an OAuth provider, if a cookie carries it.
    OAuthStateCookie,
    /// The session token in the state of an account link.
    OAuthLinkSessionToken,
}

impl Purpose {
    /// Returns the HKDF `info`; `None` if the secret is used directly.
    fn info(self) -> Option<&'static [u8]> {
        match self {
            Self::Stored => None,
            Self::OAuthStateCookie => Some(b"better-auth:oauth-state-cookie:v1"),
            Self::OAuthLinkSessionToken => Some(b"better-auth:oauth-link-session-token:v1"),
        }
    }
}

/// Why a value could not be encrypted or decrypted. No variant quotes the value.
///
/// ```
/// use auth_core::{Purpose, SymmetricError, SymmetricKeys, VersionedSecrets};
///
/// # let first = VersionedSecrets::parse("1:the first secret of this example")?;
/// # let keys = SymmetricKeys::derive(&first, Purpose::Stored);
/// # let sealed = keys.encrypt("a provider's token", &mut rand::rng())?;
/// let secrets = VersionedSecrets::parse("2:the second secret of this example")?;
/// let error = SymmetricKeys::derive(&secrets, Purpose::Stored).decrypt(&sealed).unwrap_err();
/// assert_eq!(error, SymmetricError::UnknownVersion { version: 1 });
/// assert_eq!(error.to_string(), "no secret has version 1", "it was taken out too early");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SymmetricError {
    /// Not the hex of a nonce, a ciphertext and a tag, with or without a version before it.
    #[error("not an encrypted value")]
    Form,
    /// No secret has that version. It was removed from the settings.
    #[error("no secret has version {version}")]
    UnknownVersion {
        /// The version that the value names.
        version: u64,
    },
    /// The value has no version, but the secrets have. Only a legacy unversioned secret could decrypt it.
    #[error("value is from before versions, and there is no secret of that time")]
    NoLegacySecret,
    /// The value was encrypted under another key, or was modified.
    #[error("value was made under another key or changed")]
    Key,
    /// The decrypted value is not UTF-8.
    #[error("value is not text")]
    NotText,
    /// The text is longer than the cipher accepts, 256 GiB.
    #[error("text is too long to encrypt")]
    TooLong,
}

/// The keys of one purpose. The current secret's key encrypts; the keys of all versions decrypt.
///
/// ```
/// use auth_core::{Purpose, SigningSecret, SymmetricKeys, VersionedSecrets};
///
/// let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let keys = SymmetricKeys::derive(&secrets, Purpose::Stored);
/// let sealed = keys.encrypt("an access token", &mut rand::rng())?;
/// assert_eq!(keys.decrypt(&sealed)?.expose(), "an access token");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SymmetricKeys {
    current: Key,
    /// Empty if there is a single secret without a version.
    versions: Vec<(u64, Key)>,
    /// Decrypts values without a version.
    unversioned: Option<Key>,
}

type Key = Secret<[u8; KEY_BYTES]>;

impl SymmetricKeys {
    /// Derives the keys of all secret versions, and of the legacy unversioned secret if there is one.
    pub fn derive(secrets: &VersionedSecrets, purpose: Purpose) -> Self {
        let current = derive(secrets.current(), purpose);
        if !secrets.are_numbered() {
            return Self { unversioned: Some(current.clone()), current, versions: Vec::new() };
        }
        Self {
            current,
            versions: secrets.iter().map(|entry| (entry.version, derive(&entry.secret, purpose))).collect(),
            unversioned: secrets.legacy().map(|secret| derive(secret, purpose)),
        }
    }

    /// Encrypts a text under the current secret. The value names the version if secrets have versions.
    ///
    /// # Errors
    ///
    /// [`SymmetricError::TooLong`].
    pub fn encrypt(&self, text: &str, rng: &mut impl CryptoRng) -> Result<String, SymmetricError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let sealed = cipher(&self.current)
            .encrypt(&XNonce::from(nonce), text.as_bytes())
            .map_err(|_says_no_more| SymmetricError::TooLong)?;
        let mut value = match self.versions.first() {
            Some((version, _)) => format!("{ENVELOPE}{version}$"),
            None => String::new(),
        };
        for byte in nonce.iter().chain(&sealed) {
            // Writing to a String does not fail.
            let _ = write!(value, "{byte:02x}");
        }
        Ok(value)
    }

    /// Decrypts a value with the secret whose version it names. A value without a version is decrypted with
    /// the unversioned secret.
    ///
    /// # Errors
    ///
    /// A [`SymmetricError`] that gives the reason.
    pub fn decrypt(&self, value: &str) -> Result<Secret<String>, SymmetricError> {
        let (key, hex) = match value.strip_prefix(ENVELOPE) {
            Some(rest) => {
                let (version, hex) = rest.split_once('$').ok_or(SymmetricError::Form)?;
                let version = number(version).ok_or(SymmetricError::Form)?;
                let found = self.versions.iter().find(|(known, _)| *known == version);
                let (_, key) = found.ok_or(SymmetricError::UnknownVersion { version })?;
                (key, hex)
            }
            None => (self.unversioned.as_ref().ok_or(SymmetricError::NoLegacySecret)?, value),
        };
        let bytes = from_hex(hex).ok_or(SymmetricError::Form)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>().ok_or(SymmetricError::Form)?;
        if sealed.len() < TAG_BYTES {
            return Err(SymmetricError::Form);
        }
        let opened = cipher(key)
            .decrypt(&XNonce::from(*nonce), sealed)
            .map_err(|_says_no_more| SymmetricError::Key)?;
        String::from_utf8(opened).map(Secret::new).map_err(|error| {
            error.into_bytes().zeroize();
            SymmetricError::NotText
        })
    }
}

/// Derives the cipher's key: SHA-256 of the secret's text, or of the hex of the purpose's HKDF key if it has
/// one.
fn derive(secret: &SigningSecret, purpose: Purpose) -> Key {
    let digest = |text: &[u8]| Secret::new(Sha256::digest(text).into());
    let Some(info) = purpose.info() else {
        return digest(secret.key());
    };
    let mut bytes = [0_u8; KEY_BYTES];
    #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes")]
    Hkdf::<Sha256>::new(Some(PURPOSE_SALT), secret.key())
        .expand(info, &mut bytes)
        .expect("32 bytes are within what HKDF gives");
    let mut hex = String::with_capacity(2 * KEY_BYTES);
    for byte in bytes {
        // Writing to a String does not fail.
        let _ = write!(hex, "{byte:02x}");
    }
    bytes.zeroize();
    digest(Secret::new(hex).expose().as_bytes())
}

pub(crate) fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

/// Parses a decimal number in its canonical form: digits without a sign or leading zeros.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const OLD: &str = "0123456789abcdef0123456789abcdef";
    const NEW: &str = "fedcba9876543210fedcba9876543210";

    fn single(text: &str) -> VersionedSecrets {
        VersionedSecrets::single(SigningSecret::parse(text).unwrap())
    }

    fn keys(secrets: &VersionedSecrets) -> SymmetricKeys {
        SymmetricKeys::derive(secrets, Purpose::Stored)
    }

    fn sealed(secrets: &VersionedSecrets) -> String {
        keys(secrets).encrypt("text", &mut rand::rng()).unwrap()
    }

    #[test]
    fn every_value_has_its_own_nonce() {
        let values: std::collections::HashSet<String> = (0..100).map(|_| sealed(&single(OLD))).collect();
        assert_eq!(values.len(), 100);
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let good = sealed(&single(OLD));
        assert_eq!(good.len(), 2 * (NONCE_BYTES + "text".len() + TAG_BYTES));
        for (place, old) in good.char_indices() {
            let new = if old == '0' { '1' } else { '0' };
            let mut text = good.clone();
            text.replace_range(place..place + 1, new.encode_utf8(&mut [0; 4]));
            assert_eq!(keys(&single(OLD)).decrypt(&text).unwrap_err(), SymmetricError::Key, "at {place}");
            let cut = good.get(..place).unwrap();
            assert!(keys(&single(OLD)).decrypt(cut).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn r_111_the_rotation_matrix_of_encrypted_values() {
        let versioned = |text: String| VersionedSecrets::parse(&text).unwrap();
        let legacy = |secrets: VersionedSecrets| secrets.with_legacy(SigningSecret::parse(OLD).unwrap());
        let first = versioned(format!("1:{OLD}"));
        let rotated = versioned(format!("2:{NEW},1:{OLD}"));
        let retired = versioned(format!("2:{NEW}"));
        let with_legacy = legacy(versioned(format!("2:{NEW}")));
        let check = |written: &VersionedSecrets,
                     read: &VersionedSecrets,
                     expected: Result<(), SymmetricError>| {
            let result = keys(read).decrypt(&sealed(written)).map(|text| assert_eq!(text.expose(), "text"));
            assert_eq!(result, expected, "{written:?} {read:?}");
        };
        let unknown = |version| Err(SymmetricError::UnknownVersion { version });
        check(&single(OLD), &single(OLD), Ok(()));
        check(&single(OLD), &single(NEW), Err(SymmetricError::Key));
        check(&single(OLD), &first, Err(SymmetricError::NoLegacySecret));
        check(&single(OLD), &with_legacy, Ok(()));
        check(&single(NEW), &with_legacy, Err(SymmetricError::Key));
        check(&first, &first, Ok(()));
        check(&first, &rotated, Ok(()));
        check(&first, &retired, unknown(1));
        check(&first, &with_legacy, unknown(1));
        check(&first, &single(OLD), unknown(1));
        check(&rotated, &retired, Ok(()));
        check(&rotated, &first, unknown(2));
        check(&rotated, &with_legacy, Ok(()));
    }

    #[test]
    fn r_002_a_value_of_one_purpose_opens_in_no_other() {
        let purposes = [Purpose::Stored, Purpose::OAuthStateCookie, Purpose::OAuthLinkSessionToken];
        for from in purposes {
            let value = SymmetricKeys::derive(&single(OLD), from).encrypt("text", &mut rand::rng()).unwrap();
            for to in purposes {
                let opened = SymmetricKeys::derive(&single(OLD), to).decrypt(&value);
                assert_eq!(opened.is_ok(), from == to, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn other_texts_are_refused_by_form() {
        let all = VersionedSecrets::parse(&format!("2:{NEW},1:{OLD}")).unwrap();
        let all = all.with_legacy(SigningSecret::parse(OLD).unwrap());
        let good = sealed(&single(OLD));
        let versioned = |version: &str| format!("$ba${version}${good}");
        for text in [
            String::new(),
            "zz".to_owned(),
            "0".repeat(2 * (NONCE_BYTES + TAG_BYTES) - 2),
            format!("{good}0"),
            format!(" {good}"),
            format!("é{good}"),
            format!("$ba${good}"),
            versioned(""),
            versioned("-1"),
            versioned("+1"),
            versioned("01"),
            versioned("1x"),
            versioned("99999999999999999999"),
        ] {
            assert_eq!(keys(&all).decrypt(&text).unwrap_err(), SymmetricError::Form, "{text}");
        }
        assert!(keys(&all).decrypt(&versioned("1")).is_ok());
    }

    #[test]
    fn r_116_debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", keys(&single(OLD))),
            "SymmetricKeys { current: Secret(..), versions: [], unversioned: Some(Secret(..)) }"
        );
    }
}
