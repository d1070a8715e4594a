//! Tests of all schemes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use unicode_normalization::UnicodeNormalization;

use super::*;

/// Hashes of `password1` at the lowest cost of each scheme, created by argon2-cffi 25.1.0, bcrypt 4.0.1 (both
/// PyPI) and Better Auth 1.7.25.
const ARGON2ID: &str =
    "$argon2id$v=19$m=8,t=1,p=1$MKJ5q8lVv/ACxAerhkNbjA$zfP6GkM9g9wxLu3i5XRPjEaQNheXEKwQkffznUthxk0";
const BCRYPT: &str = "$2b$04$4284LurkYFhYVkYMoGXmbunyG2PVZftrmOykr/x2a.clU8WT7YyA.";
const SCRYPT: &str = concat!(
    "860f642437cab0a49e1e7d5af2dfcc76:",
    "3ce0c71aac6ad30fa43c36b17d3dc6d6c5ff48b1cb1779cf3625fd9598e886b2",
    "59b0ea2abd33f5b0597da30ffabf3e72665671ee200ba4020b9d0cb0cd9c769b",
);

fn cheap() -> Hasher {
    Hasher::argon2id(Argon2idParams::new(8, 1, 1).unwrap())
}

fn stored(text: impl Into<String>) -> StoredHash {
    StoredHash::from_stored(text)
}

fn malformed(text: impl Into<String>) -> MalformedHash {
    let stored = stored(text);
    let error = cheap().verify(&Password::new("password1"), &stored).unwrap_err();
    assert_eq!(stored.scheme(), None, "{}", stored.expose());
    error
}

/// A password of 8 to 128 UTF-16 units, composed of letters, combining marks, compatibility forms, white
/// space, control characters and characters outside the basic multilingual plane.
fn random_password(rng: &mut StdRng) -> String {
    const PIECES: [&str; 16] = [
        "a",
        "Z",
        "7",
        " ",
        "é",
        "e\u{301}",
        "ﬁ",
        "１",
        "Ω",
        "密",
        "パ",
        "🔐",
        "\t",
        "\0",
        "ß",
        "\u{1e9b}\u{323}",
    ];
    let length = rng.random_range(8..=60);
    (0..length).map(|_| PIECES[rng.random_range(0..PIECES.len())]).collect()
}

/// Passwords of [`random_password`], each with a second Unicode spelling of the same letters.
fn random_passwords(count: u64) -> impl Iterator<Item = (Password, Password, StdRng)> {
    (0..count).map(|seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        let text = random_password(&mut rng);
        let decomposed: String = text.nfkd().collect();
        (Password::new(text), Password::new(decomposed), rng)
    })
}

/// Better Auth fixes the cost of scrypt, and one hash takes a twentieth of a second. The cost changes only
/// how often the same bytes are mixed, not how the password and the salt are used. Two hundred passwords are
/// therefore tried at a low cost, and eight of them at Better Auth's cost (below).
#[test]
fn r_036_two_hundred_passwords_verify_under_the_reference_text_and_argon2id() {
    const LOW: u8 = 4;
    for (number, (password, retyped, mut rng)) in random_passwords(200).enumerate() {
        let salt: [u8; 16] = rng.random();
        let text = scrypt::hash_at(LOW, &password.normalized(), &salt).unwrap();
        let parsed = scrypt::Parsed::read(&text).unwrap();
        assert!(parsed.verify_at(LOW, &retyped.normalized()).unwrap(), "{:?}", password.raw());
        let hash = cheap().hash(&password, &mut rng).unwrap();
        assert_eq!(hash.scheme(), Some(cheap().scheme()));
        assert!(cheap().verify(&retyped, &hash).unwrap(), "{:?}", password.raw());
        if number < 4 {
            let other = Password::new(format!("{}x", password.raw()));
            assert!(!parsed.verify_at(LOW, &other.normalized()).unwrap(), "{:?}", password.raw());
            assert!(!cheap().verify(&other, &hash).unwrap(), "{:?}", password.raw());
        }
    }
}

#[test]
fn r_036_passwords_verify_under_the_reference_text_at_its_cost() {
    let hasher = Hasher::better_auth_scrypt();
    for (number, (password, retyped, mut rng)) in random_passwords(8).enumerate() {
        let hash = hasher.hash(&password, &mut rng).unwrap();
        assert_eq!(hash.scheme(), Some(hasher.scheme()));
        assert!(hasher.verify(&retyped, &hash).unwrap(), "{:?}", password.raw());
        if number < 4 {
            let other = Password::new(format!("{}x", password.raw()));
            assert!(!hasher.verify(&other, &hash).unwrap(), "{:?}", password.raw());
        }
    }
}

#[test]
fn r_036_new_scrypt_text_has_the_reference_form_and_salts_differ() {
    let password = Password::new("password1");
    let rng = &mut rand::rng();
    let first = Hasher::better_auth_scrypt().hash(&password, rng).unwrap();
    let second = Hasher::better_auth_scrypt().hash(&password, rng).unwrap();
    let (salt, key) = first.expose().split_once(':').unwrap();
    assert_eq!((salt.len(), key.len()), (32, 128));
    assert_ne!(first.expose(), second.expose());
    assert_ne!(salt, second.expose().split_once(':').unwrap().0);
}

#[test]
fn any_hasher_verifies_every_scheme() {
    for hasher in [cheap(), Hasher::better_auth_scrypt()] {
        for text in [ARGON2ID, BCRYPT, SCRYPT] {
            assert!(hasher.verify(&Password::new("password1"), &stored(text)).unwrap(), "{text}");
            assert!(!hasher.verify(&Password::new("password2"), &stored(text)).unwrap(), "{text}");
        }
    }
}

#[test]
fn the_scheme_of_a_hash_carries_its_cost() {
    assert_eq!(stored(ARGON2ID).scheme(), Some(cheap().scheme()));
    assert_eq!(stored(BCRYPT).scheme(), Some(Scheme::Bcrypt { cost: 4 }));
    assert_eq!(stored(SCRYPT).scheme(), Some(Scheme::BetterAuthScrypt));
    assert!(cheap().needs_rehash(&stored(BCRYPT)));
    assert!(Hasher::default().needs_rehash(&stored(ARGON2ID)), "same scheme, other cost");
    assert!(!cheap().needs_rehash(&stored(ARGON2ID)));
}

#[test]
fn r_039_texts_of_no_scheme_are_malformed() {
    for text in [
        "",
        "password1",
        "$",
        "$$$",
        "$argon2i$v=19$m=8,t=1,p=1$MKJ5q8lVv/ACxAerhkNbjA$zfP6GkM9g9w",
        "{SSHA}x",
    ] {
        assert_eq!(malformed(text), MalformedHash::UnknownScheme, "{text}");
    }
    let form = |scheme| MalformedHash::Form { scheme };
    for text in
        [":", "a:b", &SCRYPT.to_uppercase(), &SCRYPT[1..], &format!("{SCRYPT}:00"), &format!("{SCRYPT} ")]
    {
        assert_eq!(malformed(text), form("scrypt"), "{text}");
    }
    for (from, to) in
        [("$2b$", "$2x$"), ("$2b$", "$2$"), ("$04$", "$+4$"), ("$04$", "$4$"), ("$04$", "$03$"), ("A.", "A")]
    {
        assert_eq!(malformed(BCRYPT.replace(from, to)), form("bcrypt"), "{to}");
    }
    for (from, to) in [
        ("v=19", "v=16"),
        ("v=19$", ""),
        ("m=8,", ""),
        ("p=1", "p=1,p=1"),
        ("p=1", "p=1,keyid=AAAA"),
        ("p=1", "p=0"),
        ("p=1", "p=2"),
        ("t=1", "t=0"),
        ("t=1", "t=-1"),
        ("$zfP6GkM9g9wxLu3i5XRPjEaQNheXEKwQkffznUthxk0", ""),
        ("zfP6GkM9g9wxLu3i5XRPjEaQNheXEKwQkffznUthxk0", "zfP6GkM9g9wxLu3i5XRP"),
    ] {
        assert_eq!(malformed(ARGON2ID.replace(from, to)), form("argon2id"), "{to}");
    }
}

#[test]
fn r_039_hashes_that_would_exhaust_the_machine_are_refused_before_any_work() {
    let costly = |scheme| MalformedHash::TooCostly { scheme };
    for (from, to) in
        [("m=8", "m=4294967295"), ("m=8", "m=262145"), ("m=8,t=1", "m=262144,t=5"), ("t=1", "t=4294967295")]
    {
        assert_eq!(malformed(ARGON2ID.replace(from, to)), costly("argon2id"), "{to}");
    }
    assert_eq!(malformed(ARGON2ID.replace("m=8,t=1,p=1", "m=200,t=1,p=17")), costly("argon2id"));
    for cost in ["17", "31", "99"] {
        assert_eq!(malformed(BCRYPT.replace("$04$", &format!("${cost}$"))), costly("bcrypt"));
    }
}

#[test]
fn r_039_mutated_hashes_never_panic() {
    let rng = &mut StdRng::seed_from_u64(39);
    let alphabet: Vec<char> = "$,=:.+/-0159azAZmtpv \0é🔐%\"".chars().collect();
    let password = Password::new("password1");
    for base in [ARGON2ID, BCRYPT, SCRYPT] {
        for _ in 0..20_000 {
            let mut text: Vec<char> = base.chars().collect();
            for _ in 0..rng.random_range(1..=3) {
                let place = rng.random_range(0..=text.len());
                let letter = alphabet[rng.random_range(0..alphabet.len())];
                match rng.random_range(0..5) {
                    0 => text.insert(place, letter),
                    1 => text.truncate(place.max(1)),
                    2 if place < text.len() => text[place] = letter,
                    3 if place < text.len() => {
                        text.remove(place);
                    }
                    _ => text.extend_from_within(place..),
                }
            }
            let stored = stored(String::from_iter(text));
            // Every text is parsed. Well-formed hashes are verified only if they are cheap.
            let cheap_to_verify = match stored.scheme() {
                Some(Scheme::Argon2id(params)) => params.memory_kib() < 1_000,
                Some(Scheme::Bcrypt { cost }) => cost <= 4,
                Some(Scheme::BetterAuthScrypt) => false,
                None => true,
            };
            // `$2a$`, `$2b$` and `$2y$` are three names for one function.
            let same = stored.expose().get(3..) == base.get(3..);
            if cheap_to_verify && !same {
                assert_ne!(cheap().verify(&password, &stored), Ok(true), "{:?}", stored.expose());
            }
        }
    }
}

#[test]
fn bcrypt_cuts_after_72_bytes_and_knows_no_nul() {
    // Created by bcrypt 4.0.1 of PyPI from 80 times `y`.
    let long = stored("$2b$04$RaRLNDTWc0IeIy5j6VdaPexS6bhtIBYfZuLGBfUMAScMGB8sLMiam");
    assert!(cheap().verify(&Password::new("y".repeat(80)), &long).unwrap());
    assert!(cheap().verify(&Password::new("y".repeat(72)), &long).unwrap());
    assert!(!cheap().verify(&Password::new("y".repeat(71)), &long).unwrap());
    // The same key as `password1`, because bcrypt repeats the key with a NUL in between.
    let twice = Password::new("password1\0password1");
    assert!(::bcrypt::verify("password1\0password1", BCRYPT).unwrap(), "the trap is real");
    assert!(!cheap().verify(&twice, &stored(BCRYPT)).unwrap());
}

#[test]
fn argon2id_costs_have_bounds() {
    assert_eq!(Argon2idParams::new(7, 1, 1), Err(Argon2idParamsError::Memory));
    assert_eq!(Argon2idParams::new(15, 1, 2), Err(Argon2idParamsError::Memory));
    assert_eq!(Argon2idParams::new(262_145, 1, 1), Err(Argon2idParamsError::Memory));
    assert_eq!(Argon2idParams::new(8, 0, 1), Err(Argon2idParamsError::Passes));
    assert_eq!(Argon2idParams::new(u32::MAX, u32::MAX, u32::MAX), Err(Argon2idParamsError::Lanes));
    assert_eq!(Argon2idParams::new(8, 1, 0), Err(Argon2idParamsError::Lanes));
    assert_eq!(Argon2idParams::new(262_144, 5, 1), Err(Argon2idParamsError::Work));
    assert!(Argon2idParams::OWASP.meets_owasp());
    assert!(Argon2idParams::new(47_104, 1, 1).unwrap().meets_owasp());
    assert!(!Argon2idParams::new(19_455, 2, 1).unwrap().meets_owasp());
}

#[test]
fn r_116_debug_shows_neither_password_nor_hash() {
    let shown = format!("{:?} {:?}", Password::new("hunter2"), stored("hunter2:x"));
    assert_eq!(shown, "Password(Secret(..)) StoredHash(Secret(..))");
}
