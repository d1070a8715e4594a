//! Random text over an alphabet, without bias.

use rand::CryptoRng;

const ALPHANUMERIC: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The largest multiple of 62 that a byte can reach; bytes from here on would favour the first
/// letters of the alphabet and are drawn again (rejection sampling, as the reference does).
const ACCEPTED_BELOW: u8 = 248;

/// Gives `length` characters of `a-zA-Z0-9`, each equally likely: 5.95 bits a character.
pub(crate) fn random_alphanumeric(rng: &mut impl CryptoRng, length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        rng.fill_bytes(&mut bytes);
        let letters = bytes
            .iter()
            .filter(|byte| **byte < ACCEPTED_BELOW)
            .filter_map(|byte| ALPHANUMERIC.get(usize::from(byte % 62)))
            .map(|letter| char::from(*letter));
        text.extend(letters.take(length - text.len()));
    }
    zeroize::Zeroize::zeroize(&mut bytes);
    text
}
