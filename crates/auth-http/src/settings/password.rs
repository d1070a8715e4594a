//! `[password]`: rules for passwords, and what hashing them may cost.

use std::time::Duration;

use super::error::{Problem, SettingsError};
use super::reader::Reader;
use super::server::one_per_core;

/// Rules for passwords, and what hashing them may cost.
#[derive(Clone, Copy, Debug)]
pub struct PasswordSettings {
    /// Hash for new passwords.
    pub hasher: HasherChoice,
    /// Costs of argon2id.
    pub argon2: Argon2Settings,
    /// Shortest password, in UTF-16 units.
    pub min_length: usize,
    /// Longest password, in UTF-16 units.
    pub max_length: usize,
    /// Whether a sign-in moves an older hash to the configured hasher.
    pub rehash_on_sign_in: bool,
    /// Hashes computed at once, at least one.
    pub permits: usize,
    /// Hashes that may wait.
    pub queue: usize,
    /// Longest wait of a hash.
    pub queue_timeout: Duration,
}

/// Hash for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HasherChoice {
    /// argon2id as PHC text.
    Argon2id,
    /// Better Auth's scrypt text.
    Scrypt,
}

/// Costs of argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Settings {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl PasswordSettings {
    pub(super) fn read(reader: &Reader) -> Result<Self, SettingsError> {
        let settings = Self {
            hasher: reader.choice(
                "password.hasher",
                &[("argon2id", HasherChoice::Argon2id), ("scrypt", HasherChoice::Scrypt)],
            )?,
            argon2: Argon2Settings {
                // Below OWASP's smallest recommendation (7 MiB) the memory no longer hurts an attacker's graphics card.
                memory_kib: reader.number("password.argon2.memory_kib", 7_168..=4_194_304)?,
                iterations: reader.number("password.argon2.iterations", 1..=1_000)?,
                parallelism: reader.number("password.argon2.parallelism", 1..=64)?,
            },
            min_length: reader.number("password.min_length", 1..=1_024)?,
            max_length: reader.number("password.max_length", 1..=1_024)?,
            rehash_on_sign_in: reader.switch("password.rehash_on_sign_in")?,
            permits: one_per_core(reader.number("password.permits", 0..=1_024)?),
            queue: reader.number("password.queue", 0..=100_000)?,
            queue_timeout: reader.span("password.queue_timeout", Duration::from_millis(10)..=Duration::from_secs(60))?,
        };
        if settings.min_length > settings.max_length {
            let problem = Problem::Refused {
                reason: "larger than `password.max_length`, so that no password fits".to_owned(),
                way_out: "lower it or raise the other",
            };
            return Err(reader.problem("password.min_length", problem));
        }
        Ok(settings)
    }
}
