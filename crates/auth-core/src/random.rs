//! Random text over the reference's alphabet.

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};

/// Gives `length` characters of `a-zA-Z0-9`, each equally likely: 5.95 bits a character.
pub(crate) fn random_alphanumeric(rng: &mut impl CryptoRng, length: usize) -> String {
    Alphanumeric.sample_string(rng, length)
}
