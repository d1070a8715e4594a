//! password hashes of this project and of Better Auth's own functions verify each other.

use auth_core::{Hasher, Password, StoredHash};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::node;
use crate::pairing::configuration::{folder, load};
use crate::pairing::recording;

/// Passwords in the run.
const COUNT: usize = 200;

/// Passwords that break hashers which normalise, trim, cut or re-encode. Lengths are of no concern here.
const AWKWARD: [&str; 24] = [
    "correct horse battery staple",
    " leading and trailing ",
    "tab\tand\nnew line\r\n",
    "NUL\0inside",
    "ﬁnely ﬂoating ligatures",
    "Å is Å is A\u{30a}",
    "re\u{301}sume\u{301} typed on another keyboard",
    "①②③ ½ ㎏ ℌ",
    "ｆｕｌｌｗｉｄｔｈ１２３",
    "ｶﾀｶﾅ and カタカナ",
    "한국어 \u{1112}\u{1161}\u{11ab}",
    "ﷺ is one letter and eighteen",
    "عربي ﻋﺮﺑﻲ",
    "עברית שּׁ",
    "ṩ s\u{323}\u{307} s\u{307}\u{323}",
    "\u{1d400}\u{1d401} mathematical bold",
    "🏳️‍🌈 👩‍👩‍👧‍👦 joined",
    "zero\u{200b}width\u{200d}marks\u{feff}",
    "\u{202e}right to left override",
    "ßẞſ sharp and long",
    "İstanbul ıssız",
    "quotes \" ' ` \\ / %00 ${x} {{y}}",
    "$2b$10$looks.like.a.hash:and:colons",
    "\u{fdfa}\u{fdfb}\u{3300}\u{33ff}\u{2f800}",
];

/// Where random passwords draw their letters: blocks full of decompositions, compositions and reorderings, all
/// of them assigned for many years. Letters newer than the Unicode version of the Node.js that runs here would
/// compare Unicode versions, not hashes.
const BLOCKS: [(u32, u32); 16] = [
    (0x01, 0x7f),
    (0xa0, 0x24f),
    (0x300, 0x34e),
    (0x391, 0x3c9),
    (0x5d0, 0x5ea),
    (0x621, 0x64a),
    (0x1100, 0x1112),
    (0x1161, 0x1175),
    (0x1e00, 0x1eff),
    (0x2460, 0x24ff),
    (0x30a1, 0x30fa),
    (0xac00, 0xd7a3),
    (0xf900, 0xfa6d),
    (0xff01, 0xff9f),
    (0x1d400, 0x1d454),
    (0x1f600, 0x1f64f),
];

/// The awkward ones, then random ones of 1 to 128 characters; always the same.
fn passwords() -> Vec<String> {
    let mut rng = StdRng::seed_from_u64(36);
    let mut passwords: Vec<String> = AWKWARD.iter().map(|&it| it.to_owned()).collect();
    while passwords.len() < COUNT {
        let length = rng.random_range(1..=128);
        let mut draw = |_| {
            let (first, last) = BLOCKS[rng.random_range(0..BLOCKS.len())];
            char::from_u32(rng.random_range(first..=last)).expect("a character")
        };
        passwords.push((0..length).map(&mut draw).collect());
    }
    passwords
}

/// What Better Auth made of a password.
#[derive(Deserialize, Serialize)]
struct Recorded {
    password: String,
    hash: String,
}

/// Hashes of all passwords by the pinned release: a hash costs a tenth of a second at either side.
const RECORDING: &str = "recordings/passwords.json";

/// A hash is verified by computing it once more with its salt. So a hash of Better Auth that verifies here is the one
/// that this project makes with that salt, and the other way is the same.
#[test]
fn r_036_two_hundred_passwords_verify_across() {
    needs!("node");
    let passwords = passwords();
    if recording() {
        let made = node::run("passwords.mjs", &json!({ "hash": passwords, "verify": [] }));
        let hashes = made["hashes"].as_array().expect("hashes").iter();
        let hash = |it: &Value| it.as_str().expect("a hash").to_owned();
        let pairs = passwords.iter().cloned().zip(hashes.map(hash));
        let recorded: Vec<_> = pairs.map(|(password, hash)| Recorded { password, hash }).collect();
        let text = serde_json::to_string_pretty(&recorded).expect("printable");
        std::fs::write(folder().join(RECORDING), text + "\n").expect("a writable file");
    }
    let recorded: Vec<Recorded> = load(RECORDING);
    assert_eq!(recorded.iter().map(|it| it.password.as_str()).collect::<Vec<_>>(), passwords);
    let hasher = Hasher::better_auth_scrypt();
    for Recorded { password, hash } in &recorded {
        let verdict = hasher.verify(&Password::new(password), &StoredHash::from_stored(hash.as_str()));
        assert!(verdict.expect("a well-formed hash"), "their hash of {password:?} here");
    }
}

/// The awkward ones beside the live package, both ways.
#[test]
fn r_036_awkward_passwords_verify_across() {
    needs!("node");
    let hasher = Hasher::better_auth_scrypt();
    let mut rng = StdRng::seed_from_u64(37);
    let ours: Vec<Value> = AWKWARD
        .iter()
        .map(|it| {
            let hash = hasher.hash(&Password::new(*it), &mut rng).expect("a hash");
            json!({ "hash": hash.expose(), "password": it })
        })
        .collect();
    let theirs = node::run("passwords.mjs", &json!({ "hash": AWKWARD, "verify": ours }));
    for (index, password) in AWKWARD.iter().enumerate() {
        assert_eq!(theirs["verified"][index], true, "our hash of {password:?} there");
        let stored = StoredHash::from_stored(theirs["hashes"][index].as_str().expect("a hash"));
        let verdict = hasher.verify(&Password::new(*password), &stored);
        assert!(verdict.expect("a well-formed hash"), "their hash of {password:?} here");
    }
}

/// The same letters typed on two keyboards are one password at both; other letters are not.
#[test]
fn r_036_both_normalise_alike() {
    needs!("node");
    let hasher = Hasher::better_auth_scrypt();
    let mut rng = StdRng::seed_from_u64(38);
    let cases = [
        ("ﬁne", "fine", true),
        ("\u{212b}", "A\u{30a}", true),
        ("ｐａｓｓ", "pass", true),
        ("①", "1", true),
        ("s\u{323}\u{307}", "s\u{307}\u{323}", true),
        ("ß", "ss", false),
        ("Pass", "pass", false),
        ("pass ", "pass", false),
        // HMAC pads short keys with zeros, so scrypt itself cannot tell these two apart.
        ("pass\0", "pass", true),
        ("ı", "i", false),
    ];
    let hash = |it: &str| hasher.hash(&Password::new(it), &mut rng).expect("a hash").expose().to_owned();
    let ours: Vec<String> = cases.iter().map(|case| case.0).map(hash).collect();
    let pairs: Vec<Value> =
        cases.iter().zip(&ours).map(|(case, hash)| json!({ "hash": hash, "password": case.1 })).collect();
    let left: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let there = node::run("passwords.mjs", &json!({ "hash": left, "verify": pairs }));
    for (index, (hashed, typed, same)) in cases.iter().enumerate() {
        assert_eq!(there["verified"][index], *same, "{hashed:?} as {typed:?} there");
        let stored = StoredHash::from_stored(there["hashes"][index].as_str().expect("a hash"));
        let here = hasher.verify(&Password::new(*typed), &stored).expect("a well-formed hash");
        assert_eq!(here, *same, "{hashed:?} as {typed:?} here");
    }
}
