//! Random text over Better Auth's alphabet.

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};

/// Returns `length` characters of `a-zA-Z0-9`, each equally likely: 5.95 bits of entropy per character.
pub(crate) fn random_alphanumeric(rng: &mut impl CryptoRng, length: usize) -> String {
    Alphanumeric.sample_string(rng, length)
}
