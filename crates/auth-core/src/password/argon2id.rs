//! argon2id (RFC 9106) in the PHC string format.

use std::fmt;
use std::hint::black_box;

use argon2::{Algorithm, Argon2, Params, Version};
use password_hash::phc::PasswordHash;
use password_hash::{PasswordHasher, PasswordVerifier};

use super::malformed::MalformedHash;
use crate::secret::Secret;

const NAME: &str = "argon2id";

/// The only version that is read and written, 0x13 (RFC 9106 §3.1).
const VERSION: u32 = 19;

/// Length in bytes of a new hash (RFC 9106 §4 recommends 32).
const OUTPUT_BYTES: usize = 32;

/// Shortest accepted stored hash in bytes.
const MIN_OUTPUT_BYTES: usize = 16;

/// Salt of the decoy hash, whose result is discarded.
const DECOY_SALT: [u8; 16] = *b"no account here.";

/// Costs of argon2id, within bounds. The bounds also apply to stored hashes, so a row that an attacker
/// changed cannot exhaust the machine's memory.
///
/// ```
/// use auth_core::{Argon2idParams, Hasher};
///
/// let params = Argon2idParams::new(47_104, 1, 1)?;
/// assert!(params.meets_owasp());
/// assert_eq!(params.to_string(), "m=47104,t=1,p=1");
/// let hasher = Hasher::argon2id(params);
/// # assert_eq!(hasher.scheme(), auth_core::Scheme::Argon2id(params));
/// # Ok::<(), auth_core::Argon2idParamsError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Argon2idParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why the costs were refused.
///
/// ```
/// use auth_core::{Argon2idParams, Argon2idParamsError};
///
/// let four_gib = Argon2idParams::new(4 * 1024 * 1024, 1, 1);
/// assert_eq!(four_gib, Err(Argon2idParamsError::Memory));
/// let hundred_passes = Argon2idParams::new(Argon2idParams::MAX_MEMORY_KIB, 100, 1).unwrap_err();
/// assert_eq!(hundred_passes.to_string(), "argon2id memory times passes must not exceed 1048576 KiB");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Argon2idParamsError {
    /// Memory under 8 KiB per lane (RFC 9106 §3.1) or over [`Argon2idParams::MAX_MEMORY_KIB`].
    #[error("argon2id memory must be 8 KiB per lane to {} KiB", Argon2idParams::MAX_MEMORY_KIB)]
    Memory,
    /// Zero passes.
    #[error("argon2id needs at least one pass")]
    Passes,
    /// Zero lanes, or more than [`Argon2idParams::MAX_LANES`].
    #[error("argon2id lanes must be 1 to {}", Argon2idParams::MAX_LANES)]
    Lanes,
    /// Memory times passes over [`Argon2idParams::MAX_WORK_KIB`].
    #[error("argon2id memory times passes must not exceed {} KiB", Argon2idParams::MAX_WORK_KIB)]
    Work,
}

impl Argon2idParams {
    /// 19 MiB, 2 passes, 1 lane (OWASP Password Storage).
    pub const OWASP: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// Maximum memory in KiB: 256 MiB, the "moderate" setting of libsodium.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;

    /// Maximum number of lanes. Lanes are computed one after the other.
    pub const MAX_LANES: u32 = 16;

    /// Maximum of memory in KiB times passes. It is 27 times [`Argon2idParams::OWASP`] in memory traffic, and
    /// allows the defaults of common libraries.
    pub const MAX_WORK_KIB: u32 = 1024 * 1024;

    /// Creates the costs from memory in KiB, passes and lanes.
    ///
    /// # Errors
    ///
    /// [`Argon2idParamsError`] with the bound that is exceeded.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, Argon2idParamsError> {
        if lanes == 0 || lanes > Self::MAX_LANES {
            return Err(Argon2idParamsError::Lanes);
        }
        if memory_kib < 8 * lanes || memory_kib > Self::MAX_MEMORY_KIB {
            return Err(Argon2idParamsError::Memory);
        }
        if passes == 0 {
            return Err(Argon2idParamsError::Passes);
        }
        if memory_kib.checked_mul(passes).is_none_or(|work| work > Self::MAX_WORK_KIB) {
            return Err(Argon2idParamsError::Work);
        }
        Ok(Self { memory_kib, passes, lanes })
    }

    /// Returns the memory in KiB that one hash needs.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Whether the costs reach one of the settings that OWASP calls equal (OWASP Password Storage: 46 MiB
    /// with 1 pass, 19 with 2, 12 with 3, 9 with 4, 7 with 5). Servers warn if they do not.
    pub fn meets_owasp(self) -> bool {
        [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)]
            .iter()
            .any(|(memory_kib, passes)| self.memory_kib >= *memory_kib && self.passes >= *passes)
    }

    fn function(self) -> Result<Argon2<'static>, argon2::Error> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT_BYTES))?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

impl fmt::Display for Argon2idParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory_kib, self.passes, self.lanes)
    }
}

/// A stored hash whose costs are within bounds.
pub(super) struct Parsed {
    // Boxed because it stores its salt and output inline: 300 bytes.
    hash: Box<PasswordHash>,
    params: Argon2idParams,
}

impl Parsed {
    pub(super) fn read(text: &str) -> Result<Self, MalformedHash> {
        let form = MalformedHash::Form { scheme: NAME };
        let hash = PasswordHash::new(text).map_err(|_may_quote_it| form)?;
        let long_enough = hash.hash.as_ref().is_some_and(|output| output.len() >= MIN_OUTPUT_BYTES);
        let named_so = hash.algorithm.as_str() == NAME && hash.version == Some(VERSION);
        if !named_so || !long_enough || hash.salt.is_none() {
            return Err(form);
        }
        // Exactly these three: a missing cost would become a default of the library. Key ids and associated
        // data (`keyid`, `data`) belong to hashes that also depend on other keys.
        let mut costs = [None; 3];
        for (name, value) in hash.params.iter() {
            let place = ["m", "t", "p"].iter().position(|known| *known == name.as_str()).ok_or(form)?;
            let cost = costs.get_mut(place).ok_or(form)?;
            let value = value.decimal().map_err(|_says_no_more| form)?;
            if cost.replace(value).is_some() {
                return Err(form);
            }
        }
        let [Some(memory_kib), Some(passes), Some(lanes)] = costs else {
            return Err(form);
        };
        if lanes == 0 || passes == 0 || u64::from(memory_kib) < 8 * u64::from(lanes) {
            return Err(form);
        }
        let params = Argon2idParams::new(memory_kib, passes, lanes)
            .map_err(|_above_a_bound| MalformedHash::TooCostly { scheme: NAME })?;
        Ok(Self { hash: Box::new(hash), params })
    }

    pub(super) fn params(&self) -> Argon2idParams {
        self.params
    }

    pub(super) fn verify(&self, normalized: &Secret<String>) -> Result<bool, MalformedHash> {
        // The costs and the output length come from the hash. The library compares in constant time.
        match Argon2::default().verify_password(normalized.expose().as_bytes(), self.hash.as_ref()) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_says_no_more) => Err(MalformedHash::Form { scheme: NAME }),
        }
    }
}

pub(super) fn hash(
    params: Argon2idParams,
    normalized: &Secret<String>,
    salt: &[u8],
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let hash: PasswordHash =
        params.function()?.hash_password_with_salt(normalized.expose().as_bytes(), salt)?;
    Ok(hash.to_string())
}

pub(super) fn decoy(params: Argon2idParams, normalized: &Secret<String>) {
    let mut output = [0_u8; OUTPUT_BYTES];
    if let Ok(function) = params.function() {
        // The password can be as long as the request body allows, which is far below the limit of RFC 9106.
        let _ = function.hash_password_into(normalized.expose().as_bytes(), &DECOY_SALT, &mut output);
    }
    black_box(output);
}
