//! Better Auth's scrypt format (Better Auth core §8.3).
//!
//! It differs from other scrypt formats in two ways: the text does not contain the costs, and the salt is the
//! 32 hex **characters** before the colon, not the 16 bytes that they encode.

use std::fmt::Write;
use std::hint::black_box;

use ::scrypt::Params;

use super::malformed::MalformedHash;
use crate::constant_time;
use crate::secret::Secret;

const NAME: &str = "scrypt";

/// Binary logarithm of N = 16384.
const LOG_N: u8 = 14;
const BLOCK_SIZE: u32 = 16;
const PARALLELISM: u32 = 1;
const KEY_BYTES: usize = 64;

const SALT_CHARACTERS: usize = 32;
const KEY_CHARACTERS: usize = 2 * KEY_BYTES;

/// Salt of the decoy hash, whose result is discarded.
const DECOY_SALT: &str = "00000000000000000000000000000000";

/// A stored hash: salt and key, both as hex text.
pub(super) struct Parsed<'t> {
    salt: &'t str,
    key: &'t str,
}

impl<'t> Parsed<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, MalformedHash> {
        let (salt, key) = text.split_once(':').ok_or(MalformedHash::UnknownScheme)?;
        if is_hex(salt, SALT_CHARACTERS) && is_hex(key, KEY_CHARACTERS) {
            Ok(Self { salt, key })
        } else {
            Err(MalformedHash::Form { scheme: NAME })
        }
    }

    pub(super) fn verify(&self, normalized: &Secret<String>) -> Result<bool, MalformedHash> {
        self.verify_at(LOG_N, normalized)
    }

    /// Verifies a hash of another cost than Better Auth's. Only tests write such hashes.
    pub(super) fn verify_at(&self, log_n: u8, normalized: &Secret<String>) -> Result<bool, MalformedHash> {
        let key = derive(log_n, normalized, self.salt)
            .map_err(|_constants_are_right| MalformedHash::Form { scheme: NAME })?;
        Ok(constant_time::equal(hex(&key).as_bytes(), self.key.as_bytes()))
    }
}

pub(super) fn hash(
    normalized: &Secret<String>,
    salt: &[u8],
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    hash_at(LOG_N, normalized, salt)
}

/// Hashes with another cost than Better Auth's, for tests.
pub(super) fn hash_at(
    log_n: u8,
    normalized: &Secret<String>,
    salt: &[u8],
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let salt = hex(salt);
    let key = derive(log_n, normalized, &salt)?;
    Ok(format!("{salt}:{}", hex(&key)))
}

pub(super) fn decoy(normalized: &Secret<String>) {
    let _ = black_box(derive(LOG_N, normalized, DECOY_SALT));
}

fn derive(
    log_n: u8,
    normalized: &Secret<String>,
    salt: &str,
) -> Result<[u8; KEY_BYTES], Box<dyn std::error::Error + Send + Sync>> {
    let mut key = [0_u8; KEY_BYTES];
    let params = Params::new(log_n, BLOCK_SIZE, PARALLELISM)?;
    ::scrypt::scrypt(normalized.expose().as_bytes(), salt.as_bytes(), &params, &mut key)?;
    Ok(key)
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
