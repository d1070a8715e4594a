//! `[password]`: rules for passwords, and limits on hashing them.

use std::time::Duration;

use auth_core::{Argon2idParams, Hasher, PasswordPolicy};
use serde::{Deserialize, Deserializer};

use crate::config::span::{self, MINUTE};
use crate::config::{Section, SettingsError, values};

/// Rules for passwords, and limits on hashing them.
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings {
    /// Computes new hashes.
    pub hasher: Hasher,
    /// Bounds on a password's length.
    pub policy: PasswordPolicy,
    /// Whether a sign-in rehashes an older hash with the configured hasher.
    pub rehash_on_sign_in: bool,
    /// Number of hashes computed at the same time; at least one.
    pub permits: usize,
    /// Maximum number of hashes that wait.
    pub queue: usize,
    /// Maximum time that a hash waits.
    pub queue_timeout: Duration,
}

/// The keys of the section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    hasher: Choice,
    #[serde(deserialize_with = "length")]
    min_length: usize,
    #[serde(deserialize_with = "length")]
    max_length: usize,
    rehash_on_sign_in: bool,
    #[serde(deserialize_with = "values::whole::<0, 1_024, _, _>")]
    permits: usize,
    #[serde(deserialize_with = "values::whole::<0, 100_000, _, _>")]
    queue: usize,
    #[serde(deserialize_with = "span::within::<10, MINUTE, _>")]
    queue_timeout: Duration,
    /// Checked even if another hasher is chosen, so that a wrong value is reported at once.
    argon2: Argon2Keys,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Argon2id,
    Scrypt,
}

/// The keys of `[password.argon2]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Argon2Keys {
    #[serde(deserialize_with = "memory_kib")]
    memory_kib: u32,
    #[serde(deserialize_with = "iterations")]
    iterations: u32,
    #[serde(deserialize_with = "parallelism")]
    parallelism: u32,
}

impl Section for PasswordSettings {
    const NAME: &'static str = "password";
    type Keys = Keys;

    fn validate(keys: Keys) -> Result<Self, SettingsError> {
        let argon2 = keys.argon2;
        let argon2id = Argon2idParams::new(argon2.memory_kib, argon2.iterations, argon2.parallelism)
            .map_err(|error| {
                let way_out = "choose the three together, such as 19456, 2 and 1";
                SettingsError::refused("password.argon2.memory_kib", error, way_out)
            })?;
        let policy = PasswordPolicy::new(keys.min_length, keys.max_length).map_err(|_order| {
            let reason = "larger than `password.max_length`, so that no password fits";
            SettingsError::refused("password.min_length", reason, "lower it or raise the other")
        })?;
        Ok(Self {
            hasher: match keys.hasher {
                Choice::Argon2id => Hasher::argon2id(argon2id),
                Choice::Scrypt => Hasher::better_auth_scrypt(),
            },
            policy,
            rehash_on_sign_in: keys.rehash_on_sign_in,
            permits: all_cores_but_one(keys.permits),
            queue: keys.queue,
            queue_timeout: keys.queue_timeout,
        })
    }
}

/// Leaves one core free, so that requests without a hash do not wait for the scheduler.
fn all_cores_but_one(permits: usize) -> usize {
    match permits {
        0 => values::cores().saturating_sub(1).max(1),
        permits => permits,
    }
}

fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    values::number(deserializer, 1..=PasswordPolicy::LARGEST_MAX)
}

fn memory_kib<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    values::number(deserializer, 8..=Argon2idParams::MAX_MEMORY_KIB)
}

fn iterations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    values::number(deserializer, 1..=Argon2idParams::MAX_WORK_KIB)
}

fn parallelism<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    values::number(deserializer, 1..=Argon2idParams::MAX_LANES)
}
