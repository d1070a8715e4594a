//! password hashes of this project and of Better Auth's own functions verify each other.

use auth_core::{Hasher, Password, StoredHash};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::node;

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

/// The awkward ones go both ways, the random ones one way each in turn: a hash costs a tenth of a second.
#[test]
fn r_036_two_hundred_passwords_verify_across() {
    needs!("node");
    let passwords = passwords();
    let is_awkward = |index: usize| index < AWKWARD.len();
    let choose = |wanted: &dyn Fn(usize) -> bool| -> Vec<&str> {
        passwords.iter().enumerate().filter(|(index, _)| wanted(*index)).map(|(_, it)| it.as_str()).collect()
    };
    let ours_first = choose(&|index| is_awkward(index) || index.is_multiple_of(2));
    let theirs_first = choose(&|index| is_awkward(index) || !index.is_multiple_of(2));
    let hasher = Hasher::better_auth_scrypt();

    let hash_there = || node::run("passwords.mjs", &json!({ "hash": theirs_first, "verify": [] }));
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(hash_there);
        let mut rng = StdRng::seed_from_u64(37);
        let hash =
            |it: &&str| hasher.hash(&Password::new(*it), &mut rng).expect("a hash").expose().to_owned();
        let ours: Vec<String> = ours_first.iter().map(hash).collect();
        (theirs.join().expect("no panic"), ours)
    });

    let pairs: Vec<Value> = ours_first
        .iter()
        .zip(&ours)
        .map(|(password, hash)| json!({ "hash": hash, "password": password }))
        .collect();
    let there = std::thread::scope(|scope| {
        let there = scope.spawn(|| node::run("passwords.mjs", &json!({ "hash": [], "verify": pairs })));
        for (index, password) in theirs_first.iter().enumerate() {
            let stored = StoredHash::from_stored(theirs["hashes"][index].as_str().expect("a hash"));
            let verdict = hasher.verify(&Password::new(*password), &stored);
            assert!(verdict.expect("a well-formed hash"), "their hash of {password:?} here");
        }
        there.join().expect("no panic")
    });
    for (index, password) in ours_first.iter().enumerate() {
        assert_eq!(there["verified"][index], true, "our hash of {password:?} there");
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
