//! session tokens are unique and unbiased.

use auth_core::SessionToken;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// As the rule says.
const TOKENS: usize = 1_000_000;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Chi-square with 61 degrees of freedom exceeds this with probability 10^-6 (and falls short of the lower bound
/// with the same).
const CHI_SQUARE: std::ops::Range<f64> = 19.0..126.0;

fn chi_square(counts: &[u64]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
    counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn r_018_a_million_tokens_are_unique_and_every_letter_is_as_likely_as_any_other() {
    // Seeded, so that the verdict is the same at each run; that production seeds from the operating system is the
    // servers' business, which pass the generator in.
    let rng = &mut StdRng::seed_from_u64(18);
    let mut index_of = [usize::MAX; 256];
    for (index, letter) in ALPHABET.bytes().enumerate() {
        index_of[usize::from(letter)] = index;
    }
    let mut by_place = vec![[0_u64; 62]; SessionToken::LENGTH];
    let mut halves = Vec::with_capacity(TOKENS);
    for _ in 0..TOKENS {
        let token = SessionToken::generate(rng);
        let bytes: [u8; SessionToken::LENGTH] = token.expose().as_bytes().try_into().unwrap();
        for (counts, byte) in by_place.iter_mut().zip(bytes) {
            counts[index_of[usize::from(byte)]] += 1;
        }
        // The first 16 letters, 95 of the 190 bits, are enough to tell a million tokens apart.
        halves.push(u128::from_be_bytes(bytes[..16].try_into().unwrap()));
    }
    halves.sort_unstable();
    assert!(halves.windows(2).all(|pair| pair[0] != pair[1]), "a token came twice");
    let mut by_letter = [0_u64; 62];
    for counts in &by_place {
        by_letter.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let overall = chi_square(&by_letter);
    assert!(CHI_SQUARE.contains(&overall), "chi-square over all letters: {overall:.1}");
    for (place, counts) in by_place.iter().enumerate() {
        let at_place = chi_square(counts);
        assert!(CHI_SQUARE.contains(&at_place), "chi-square at place {place}: {at_place:.1}");
    }
}

#[test]
fn the_test_would_notice_a_modulo() {
    // What `byte % 62` without rejection gives: the first eight letters come five times in 256, the rest four.
    let mut counts = [0_u64; 62];
    for byte in 0..=255_usize {
        counts[byte % 62] += (TOKENS * SessionToken::LENGTH / 256) as u64;
    }
    assert!(!CHI_SQUARE.contains(&chi_square(&counts)));
}
