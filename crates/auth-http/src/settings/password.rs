//! `[password]`: rules for passwords, and what hashing them may cost.

use std::time::Duration;

use auth_core::{Argon2idParams, Hasher, PasswordPolicy};

use super::error::{Problem, SettingsError};
use super::reader::Reader;
use super::server::one_per_core;

/// Rules for passwords, and what hashing them may cost.
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings {
    /// Writes new hashes.
    pub hasher: Hasher,
    /// Bounds on a password's length.
    pub policy: PasswordPolicy,
    /// Whether a sign-in moves an older hash to the configured hasher.
    pub rehash_on_sign_in: bool,
    /// Hashes computed at once, at least one.
    pub permits: usize,
    /// Hashes that may wait.
    pub queue: usize,
    /// Longest wait of a hash.
    pub queue_timeout: Duration,
}

#[derive(Clone, Copy)]
enum Choice {
    Argon2id,
    Scrypt,
}

impl PasswordSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        // Read whichever hasher is chosen: a wrong value should not wait for the day when it is.
        let argon2id = argon2id(reader)?;
        let choices = [("argon2id", Choice::Argon2id), ("scrypt", Choice::Scrypt)];
        Ok(Self {
            hasher: match reader.choice("password.hasher", &choices)? {
                Choice::Argon2id => Hasher::argon2id(argon2id),
                Choice::Scrypt => Hasher::better_auth_scrypt(),
            },
            policy: policy(reader)?,
            rehash_on_sign_in: reader.switch("password.rehash_on_sign_in")?,
            permits: all_cores_but_one(reader.number("password.permits", 0..=1_024)?),
            queue: reader.number("password.queue", 0..=100_000)?,
            queue_timeout: reader
                .span("password.queue_timeout", Duration::from_millis(10)..=Duration::from_secs(60))?,
        })
    }
}

/// A core stays free for requests that hash nothing: beside hashes on every core they would wait for the scheduler.
fn all_cores_but_one(permits: usize) -> usize {
    match permits {
        0 => one_per_core(0).saturating_sub(1).max(1),
        permits => permits,
    }
}

fn argon2id(reader: &Reader) -> Result<Argon2idParams, SettingsError> {
    const MEMORY: &str = "password.argon2.memory_kib";
    let memory_kib = reader.number(MEMORY, 8..=Argon2idParams::MAX_MEMORY_KIB)?;
    let iterations = reader.number("password.argon2.iterations", 1..=Argon2idParams::MAX_WORK_KIB)?;
    let parallelism = reader.number("password.argon2.parallelism", 1..=Argon2idParams::MAX_LANES)?;
    Argon2idParams::new(memory_kib, iterations, parallelism).map_err(|error| {
        let way_out = "choose the three together, such as 19456, 2 and 1";
        reader.problem(MEMORY, Problem::Refused { reason: error.to_string(), way_out })
    })
}

fn policy(reader: &Reader) -> Result<PasswordPolicy, SettingsError> {
    const MIN: &str = "password.min_length";
    let min = reader.number(MIN, 1..=PasswordPolicy::LARGEST_MAX)?;
    let max = reader.number("password.max_length", 1..=PasswordPolicy::LARGEST_MAX)?;
    PasswordPolicy::new(min, max).map_err(|_order| {
        let reason = "larger than `password.max_length`, so that no password fits".to_owned();
        reader.problem(MIN, Problem::Refused { reason, way_out: "lower it or raise the other" })
    })
}
