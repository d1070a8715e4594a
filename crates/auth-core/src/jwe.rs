//! Better Auth's encrypted tokens (Better Auth core §8.5): the `jwe` cookie cache and the account cookie.
//!
//! Compact JWE with `dir` and A256CBC-HS512, under a key derived from the secret. Nothing else is accepted:
//! no other key management, no compression, no unknown header parameter. This module checks the header and
//! compares the tag in constant time **before** it decrypts anything. josekit does AES and computes the tags
//! that are written, but it decrypts before it checks the tag, so bad padding could be told from a bad tag.
//!
//! Better Auth also lists A256GCM as readable, but its derived key has 64 bytes, a length that this cipher
//! does not accept. No such token exists, so none is accepted.

use std::fmt::Write;

use base64::Engine;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use josekit::JoseError;
use josekit::jwe::JweContentEncryption;
use josekit::jwe::enc::A256CBC_HS512;
use rand::CryptoRng;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha512};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroize;

use crate::base64url::BASE64URL;
use crate::claims::{Claims, VerifyError};
use crate::constant_time;
use crate::numeric_date;
use crate::secret::Secret;
use crate::signing_secret::{SigningSecret, VersionedSecrets};
use crate::wire::json;

/// Maximum length of a token in bytes. A hundred cookie chunks would be longer, but the header of a request
/// is limited to less.
///
/// ```
/// use auth_core::jwe::{JweError, JweKeys, MAX_TOKEN_BYTES, Use};
///
/// # use auth_core::{SigningSecret, VersionedSecrets};
/// # let now = time::OffsetDateTime::UNIX_EPOCH;
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let keys = JweKeys::derive(&secrets, Use::SessionCache);
/// let endless = "x".repeat(MAX_TOKEN_BYTES + 1);
/// assert!(matches!(keys.decrypt(&endless, now), Err(JweError::TooLong)));
/// # Ok::<(), auth_core::SigningSecretError>(())
/// ```
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

const KEY_BYTES: usize = 64;
const MAC_KEY_BYTES: usize = 32;
const IV_BYTES: usize = 16;
const TAG_BYTES: usize = 32;

/// HKDF `info` of Better Auth.
const KEY_INFO: &[u8] = b"BetterAuth.js Generated Encryption Key";

/// The purpose of an encrypted token. Each purpose has its own keys.
///
/// A token of one purpose does not decrypt under another, though the secret is the same:
///
/// ```
/// use auth_core::jwe::{JweError, JweKeys, Use};
///
/// # use auth_core::{SigningSecret, VersionedSecrets};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let claims = serde_json::json!({});
/// # let ttl = time::Duration::minutes(5);
/// let [cache, account] = [Use::SessionCache, Use::AccountCookie].map(|of| JweKeys::derive(&secrets, of));
/// let token = cache.encrypt(&claims, ttl, now, &mut rand::rng())?;
/// assert!(matches!(account.decrypt(&token, now), Err(JweError::Key)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The cookie cache of strategy `jwe`.
    SessionCache,
    /// The cookie that carries the tokens of an OAuth provider.
    AccountCookie,
}

impl Use {
    fn salt(self) -> &'static [u8] {
        match self {
            Self::SessionCache => b"better-auth-session",
            Self::AccountCookie => b"better-auth-account",
        }
    }
}

/// Why a token was refused or could not be created.
///
/// ```
/// use auth_core::{VerifyError, jwe::JweError};
/// use time::Duration;
///
/// # use auth_core::{SigningSecret, VersionedSecrets, jwe::{JweKeys, Use}};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// # let keys = JweKeys::derive(&secrets, Use::SessionCache);
/// let token = keys.encrypt(&serde_json::json!({}), Duration::minutes(5), now, &mut rand::rng())?;
/// let late = keys.decrypt(&token, now + Duration::minutes(5));
/// assert!(matches!(late, Err(JweError::Claims(VerifyError::Expired { .. }))));
/// let error = keys.decrypt(&token.replace("..", "."), now).unwrap_err();
/// assert_eq!(error.to_string(), "token is not in compact form");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
pub enum JweError {
    /// Longer than [`MAX_TOKEN_BYTES`].
    #[error("token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    /// The token does not have five parts with an empty second one, or a part is not base64url.
    #[error("token is not in compact form")]
    Form,
    /// The header is not exactly that of `dir` with A256CBC-HS512.
    #[error("header is not that of a direct A256CBC-HS512 token")]
    Header,
    /// No known key made this token, or it was modified.
    #[error("token was made under no known key")]
    Key,
    /// josekit failed to encrypt, or to decrypt a token whose tag is correct.
    #[error("cipher failed")]
    Cipher(#[source] JoseError),
    /// The content is not JSON, or could not be serialized as JSON.
    #[error("content is not JSON")]
    Json(#[source] serde_json::Error),
    /// The content is JSON but not an object.
    #[error("content is not a JSON object")]
    NotAnObject,
    /// The times in the content are missing, malformed or expired.
    #[error("claims do not hold")]
    Claims(#[source] VerifyError),
}

/// The keys of one purpose. The first encrypts, all decrypt.
///
/// ```
/// use auth_core::jwe::{JweKeys, Use};
/// use time::Duration;
///
/// # use auth_core::{SigningSecret, VersionedSecrets};
/// # let now = time::macros::datetime!(2030-01-15 12:00 UTC);
/// # let secrets = VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef")?);
/// let keys = JweKeys::derive(&secrets, Use::AccountCookie);
/// let account = serde_json::json!({"providerId": "github", "accessToken": "hunter2"});
/// let token = keys.encrypt(&account, Duration::minutes(5), now, &mut rand::rng())?;
/// assert_eq!(keys.decrypt(&token, now)?["providerId"], "github");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct JweKeys {
    current: Key,
    others: Vec<Key>,
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    bytes: Secret<[u8; KEY_BYTES]>,
    /// RFC 7638 thumbprint, used as `kid` in headers.
    id: String,
}

/// The header in Better Auth's order.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    enc: &'a str,
    kid: &'a str,
}

/// The claims in Better Auth's order.
#[derive(Serialize)]
struct Content<'a, C: Serialize> {
    #[serde(flatten)]
    claims: &'a C,
    iat: i64,
    exp: i64,
    jti: String,
}

impl JweKeys {
    /// Derives the keys of all secret versions, and of the legacy unversioned secret if there is one.
    pub fn derive(secrets: &VersionedSecrets, r#use: Use) -> Self {
        let older = secrets.iter().skip(1).map(|entry| &entry.secret).chain(secrets.legacy());
        Self {
            current: Key::derive(secrets.current(), r#use),
            others: older.map(|secret| Key::derive(secret, r#use)).collect(),
        }
    }

    /// Encrypts claims, a struct or a map, with the current key. `iat`, `exp` and a random `jti` are
    /// appended.
    ///
    /// # Errors
    ///
    /// [`JweError::Json`] or [`JweError::Cipher`], neither of which depends on a caller's input.
    pub fn encrypt(
        &self,
        claims: &impl Serialize,
        ttl: Duration,
        now: OffsetDateTime,
        rng: &mut impl CryptoRng,
    ) -> Result<String, JweError> {
        let iat = numeric_date::seconds(now);
        let exp = iat.saturating_add(ttl.whole_seconds());
        let content = Content { claims, iat, exp, jti: uuid_v4(rng) };
        let content = json::to_string(&content).map_err(JweError::Json)?;
        let header = Header { alg: "dir", enc: "A256CBC-HS512", kid: &self.current.id };
        let header = BASE64URL.encode(serde_json::to_vec(&header).map_err(JweError::Json)?);
        let mut iv = [0_u8; IV_BYTES];
        rng.fill_bytes(&mut iv);
        let (ciphertext, tag) = self.current.encrypt(header.as_bytes(), &iv, content.as_bytes())?;
        let encode = |bytes: &[u8]| BASE64URL.encode(bytes);
        Ok(format!("{header}..{}.{}.{}", encode(&iv), encode(&ciphertext), encode(&tag)))
    }

    /// Decrypts a token and returns its claims. One of the keys must have made it, and it must not have
    /// expired.
    ///
    /// A `kid` must name one of the keys. Without a `kid`, every key is tried.
    ///
    /// # Errors
    ///
    /// A [`JweError`] that names the failed step. For the cookie cache each of them is a cache miss.
    pub fn decrypt(&self, token: &str, now: OffsetDateTime) -> Result<Map<String, Value>, JweError> {
        let Value::Object(claims) = serde_json::from_slice(&self.open(token)?).map_err(JweError::Json)?
        else {
            return Err(JweError::NotAnObject);
        };
        Claims(&claims).times(now).map_err(JweError::Claims)?;
        Ok(claims)
    }

    /// Verifies and decrypts a token like [`JweKeys::decrypt`], but does not check the content.
    pub(crate) fn open(&self, token: &str) -> Result<Vec<u8>, JweError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JweError::TooLong);
        }
        let parts: Vec<&str> = token.splitn(6, '.').collect();
        let [header, "", iv, ciphertext, tag] = parts.as_slice() else {
            return Err(JweError::Form);
        };
        let decode = |part: &str| BASE64URL.decode(part).map_err(|_says_no_more| JweError::Form);
        let key_id = read_header(&decode(header)?)?;
        let (iv, ciphertext, tag) = (decode(iv)?, decode(ciphertext)?, decode(tag)?);
        if iv.len() != IV_BYTES || tag.len() != TAG_BYTES {
            return Err(JweError::Form);
        }
        let key = std::iter::once(&self.current)
            .chain(&self.others)
            .filter(|key| key_id.as_ref().is_none_or(|id| *id == key.id))
            .find(|key| key.made(header.as_bytes(), &iv, &ciphertext, &tag))
            .ok_or(JweError::Key)?;
        key.decrypt(header.as_bytes(), &iv, &ciphertext, &tag)
    }
}

impl Key {
    fn derive(secret: &SigningSecret, r#use: Use) -> Self {
        let mut bytes = [0_u8; KEY_BYTES];
        #[expect(clippy::expect_used, reason = "HKDF-SHA256 gives up to 8,160 bytes")]
        Hkdf::<Sha256>::new(Some(r#use.salt()), secret.key())
            .expand(KEY_INFO, &mut bytes)
            .expect("64 bytes are within what HKDF gives");
        let key = Self::of(bytes);
        bytes.zeroize();
        key
    }

    /// Creates a key and computes its id.
    pub(crate) fn of(bytes: [u8; KEY_BYTES]) -> Self {
        let bytes = Secret::new(bytes);
        let encoded = Secret::new(BASE64URL.encode(bytes.expose()));
        let thumbprint = Sha256::new()
            .chain_update(r#"{"k":""#)
            .chain_update(encoded.expose())
            .chain_update(r#"","kty":"oct"}"#)
            .finalize();
        Self { bytes, id: BASE64URL.encode(thumbprint) }
    }

    pub(crate) fn encrypt(
        &self,
        header: &[u8],
        iv: &[u8; IV_BYTES],
        content: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), JweError> {
        let (ciphertext, tag) = A256CBC_HS512
            .encrypt(self.bytes.expose(), Some(iv), content, header)
            .map_err(JweError::Cipher)?;
        Ok((ciphertext, tag.unwrap_or_default()))
    }

    /// Whether the tag is the one that this key computes.
    pub(crate) fn made(&self, header: &[u8], iv: &[u8], ciphertext: &[u8], tag: &[u8]) -> bool {
        constant_time::equal(&self.tag(header, iv, ciphertext), tag)
    }

    /// Decrypts a ciphertext that this key [made](Key::made).
    pub(crate) fn decrypt(
        &self,
        header: &[u8],
        iv: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>, JweError> {
        A256CBC_HS512
            .decrypt(self.bytes.expose(), Some(iv), ciphertext, header, Some(tag))
            .map_err(JweError::Cipher)
    }

    /// Computes the tag of RFC 7518 §5.2.2.1 under the first half of the key.
    fn tag(&self, header: &[u8], iv: &[u8], ciphertext: &[u8]) -> [u8; TAG_BYTES] {
        let (mac_key, _) = self.bytes.expose().split_at(MAC_KEY_BYTES);
        #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
        let mut mac = Hmac::<Sha512>::new_from_slice(mac_key).expect("HMAC takes a key of any length");
        mac.update(header);
        mac.update(iv);
        mac.update(ciphertext);
        mac.update(&(header.len() as u64 * 8).to_be_bytes());
        let mut tag = [0_u8; TAG_BYTES];
        tag.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
        tag
    }
}

/// Checks the header and returns its `kid`. Any other parameter (`zip`, `p2c`, `crit`, …) asks for a feature
/// that is not supported, so it is refused.
fn read_header(json: &[u8]) -> Result<Option<String>, JweError> {
    let header: Map<String, Value> =
        serde_json::from_slice(json).map_err(|_says_no_more| JweError::Header)?;
    let mut key_id = None;
    let (mut alg, mut enc) = (false, false);
    for (name, value) in header {
        match (name.as_str(), value) {
            ("alg", Value::String(value)) if value == "dir" => alg = true,
            ("enc", Value::String(value)) if value == "A256CBC-HS512" => enc = true,
            ("kid", Value::String(value)) => key_id = Some(value),
            _ => return Err(JweError::Header),
        }
    }
    if alg && enc { Ok(key_id) } else { Err(JweError::Header) }
}

/// Generates a random UUID (RFC 9562 §5.4), the form of Better Auth's `jti`.
fn uuid_v4(rng: &mut impl CryptoRng) -> String {
    let mut bytes = [0_u8; 16];
    rng.fill_bytes(&mut bytes);
    let bits = u128::from_be_bytes(bytes);
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | (0x4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    let mut text = String::with_capacity(36);
    for (index, letter) in hex.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        // Writing to a String does not fail.
        let _ = write!(text, "{letter}");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

    fn keys(text: &str) -> JweKeys {
        JweKeys::derive(&VersionedSecrets::single(SigningSecret::parse(text).unwrap()), Use::SessionCache)
    }

    fn mine() -> JweKeys {
        keys("0123456789abcdef0123456789abcdef")
    }

    fn token(keys: &JweKeys) -> String {
        let claims = json!({"hello": "wörld"}).as_object().unwrap().clone();
        keys.encrypt(&claims, Duration::minutes(5), NOW, &mut rand::rng()).unwrap()
    }

    /// A token with a correct tag over a header that the test chooses.
    fn with_header(keys: &JweKeys, header: &str) -> String {
        let header = BASE64URL.encode(header);
        let iv = [7_u8; IV_BYTES];
        let (ciphertext, tag) = A256CBC_HS512
            .encrypt(keys.current.bytes.expose(), Some(&iv), br#"{"exp":4102444800}"#, header.as_bytes())
            .unwrap();
        let encode = |bytes: &[u8]| BASE64URL.encode(bytes);
        format!("{header}..{}.{}.{}", encode(&iv), encode(&ciphertext), encode(&tag.unwrap()))
    }

    #[test]
    fn what_is_encrypted_decrypts_until_it_expires() {
        let token = token(&mine());
        let claims = mine().decrypt(&token, NOW).unwrap();
        assert_eq!(claims.get("hello"), Some(&json!("wörld")));
        assert_eq!(claims.get("jti").and_then(Value::as_str).map(str::len), Some(36));
        let expired = mine().decrypt(&token, NOW + Duration::minutes(5)).unwrap_err();
        assert!(matches!(expired, JweError::Claims(VerifyError::Expired { .. })), "{expired:?}");
    }

    #[test]
    fn jti_is_a_uuid_of_version_4() {
        for _ in 0..100 {
            let text = uuid_v4(&mut rand::rng());
            let form: String = text.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
            assert_eq!(form, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert_eq!(text.chars().nth(14), Some('4'));
            assert!(text.chars().nth(19).is_some_and(|c| "89ab".contains(c)));
        }
    }

    #[test]
    fn r_014_other_algorithms_and_compression_are_refused() {
        let kid = &mine().current.id;
        let good = format!(r#"{{"alg":"dir","enc":"A256CBC-HS512","kid":"{kid}"}}"#);
        assert!(mine().decrypt(&with_header(&mine(), &good), NOW).is_ok());
        assert!(mine().decrypt(&with_header(&mine(), r#"{"alg":"dir","enc":"A256CBC-HS512"}"#), NOW).is_ok());
        for header in [
            r#"{"alg":"dir","enc":"A256CBC-HS512","zip":"DEF"}"#,
            r#"{"alg":"dir","enc":"A256CBC-HS512","p2c":1000000}"#,
            r#"{"alg":"dir","enc":"A256CBC-HS512","crit":[]}"#,
            r#"{"alg":"dir","enc":"A256GCM"}"#,
            r#"{"alg":"dir","enc":"a256cbc-hs512"}"#,
            r#"{"alg":"PBES2-HS512+A256KW","enc":"A256CBC-HS512","p2c":1000000,"p2s":"AAAA"}"#,
            r#"{"alg":"RSA1_5","enc":"A256CBC-HS512"}"#,
            r#"{"alg":"none","enc":"A256CBC-HS512"}"#,
            r#"{"alg":["dir"],"enc":"A256CBC-HS512"}"#,
            r#"{"alg":"dir","enc":"A256CBC-HS512","kid":7}"#,
            r#"{"alg":"dir"}"#,
            r#"{"enc":"A256CBC-HS512"}"#,
            "[]",
            "",
        ] {
            let refused = mine().decrypt(&with_header(&mine(), header), NOW).unwrap_err();
            assert!(matches!(refused, JweError::Header), "{header}: {refused:?}");
        }
    }

    #[test]
    fn r_111_retired_keys_read_and_unknown_ones_do_not() {
        let old = "0123456789abcdef0123456789abcdef";
        let new = "fedcba9876543210fedcba9876543210";
        let secrets = VersionedSecrets::parse(&format!("2:{new},1:{old}")).unwrap();
        let rotated = JweKeys::derive(&secrets, Use::SessionCache);
        assert!(rotated.decrypt(&token(&keys(old)), NOW).is_ok());
        assert!(keys(new).decrypt(&token(&rotated), NOW).is_ok());
        let refused = keys(old).decrypt(&token(&rotated), NOW).unwrap_err();
        assert!(matches!(refused, JweError::Key), "{refused:?}");
        let legacy = SigningSecret::parse(old).unwrap();
        let secrets = VersionedSecrets::parse(&format!("2:{new}")).unwrap().with_legacy(legacy);
        let rotated = JweKeys::derive(&secrets, Use::SessionCache);
        assert!(rotated.decrypt(&token(&keys(old)), NOW).is_ok());
    }

    #[test]
    fn r_009_a_kid_names_one_of_our_keys_or_the_token_is_refused() {
        for kid in ["", "other", "../../dev/null", "' OR 1=1"] {
            let header = format!(r#"{{"alg":"dir","enc":"A256CBC-HS512","kid":"{kid}"}}"#);
            let refused = mine().decrypt(&with_header(&mine(), &header), NOW).unwrap_err();
            assert!(matches!(refused, JweError::Key), "{kid}: {refused:?}");
        }
    }

    #[test]
    fn r_002_a_token_of_one_use_is_none_of_the_other() {
        let secrets =
            VersionedSecrets::single(SigningSecret::parse("0123456789abcdef0123456789abcdef").unwrap());
        let account = JweKeys::derive(&secrets, Use::AccountCookie);
        assert!(matches!(account.decrypt(&token(&mine()), NOW), Err(JweError::Key)));
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let good = token(&mine());
        for (place, old) in good.char_indices() {
            let new = if old == 'A' { 'B' } else { 'A' };
            let mut text = good.clone();
            text.replace_range(place..place + 1, new.encode_utf8(&mut [0; 4]));
            // Never `Cipher`: a token with a wrong tag is not decrypted.
            let refused = mine().decrypt(&text, NOW).unwrap_err();
            assert!(
                matches!(refused, JweError::Form | JweError::Header | JweError::Key),
                "changed at {place}: {refused:?}"
            );
            assert!(mine().decrypt(good.get(..place).unwrap(), NOW).is_err(), "cut at {place}");
        }
        assert!(mine().decrypt(&format!("{good}."), NOW).is_err());
        assert!(matches!(mine().decrypt(&"a".repeat(MAX_TOKEN_BYTES + 1), NOW), Err(JweError::TooLong)));
    }
}
