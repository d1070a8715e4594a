//! Trusted origins: random patterns and addresses, judged here and by Better Auth's own function.

use auth_http::origin::OriginPattern;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

use crate::node;

/// Pairs in the run whose pattern this server takes; others it refuses at its start.
const COUNT: usize = 20_000;

const PATTERN_PARTS: [&str; 30] = [
    "https://",
    "http://",
    "myapp://",
    "exp://",
    "http?://",
    "*://",
    "*.",
    "*",
    "?",
    "**",
    "a",
    "b-*",
    "example.com",
    "example.com",
    "app.example.com",
    "192.168.*.*",
    "10.0.0.?",
    "localhost",
    ":3000",
    ":*",
    "/",
    "/cb",
    "/**",
    "/*",
    "/cb/..",
    "\\*",
    "%2e",
    "HOST",
    "@",
    "#x",
];

const URL_PARTS: [&str; 44] = [
    "https://",
    "http://",
    "https://",
    "http://",
    "myapp://",
    "exp://",
    "MYAPP:",
    "https:",
    "blob:https://",
    "ftp://",
    "a.",
    "b-1.",
    "example.com",
    "example.com",
    "app.example.com",
    "evil.com",
    ".evil.com",
    "192.168.1.2",
    "192.168.evil.com",
    "10.0.0.1",
    "0x0a000001",
    "localhost",
    "[::1]",
    ":3000",
    ":443",
    ":80",
    ":0",
    "/",
    "//",
    "/cb",
    "/cb/x",
    "/..",
    "/%2e%2e",
    "%2f",
    "\\",
    "user@",
    "?x=1",
    "#y",
    "*",
    "HOST",
    " ",
    "\u{e9}",
    "null",
    "\t",
];

fn join(rng: &mut StdRng, parts: &[&str], most: usize) -> String {
    (0..rng.random_range(1..=most)).map(|_| parts[rng.random_range(0..parts.len())]).collect()
}

#[test]
fn r_068_random_patterns_match_what_the_reference_matches() {
    needs!("node");
    let mut rng = StdRng::seed_from_u64(680);
    let mut pairs = Vec::new();
    while pairs.len() < COUNT {
        let text = join(&mut rng, &PATTERN_PARTS, 5);
        let Ok(pattern) = OriginPattern::parse(&text) else { continue };
        for _ in 0..20 {
            // Half of the addresses are made of the pattern itself, so that many match.
            let url = if rng.random_bool(0.5) {
                let filled = text.replace("**", "a/b").replace('*', "a").replace('?', "s");
                filled
                    + if rng.random_bool(0.5) { "" } else { URL_PARTS[rng.random_range(0..URL_PARTS.len())] }
            } else {
                join(&mut rng, &URL_PARTS, 6)
            };
            pairs.push((text.clone(), pattern.clone(), url));
        }
    }
    let input: Vec<_> =
        pairs.iter().map(|(pattern, _, url)| json!({ "pattern": pattern.trim(), "url": url })).collect();
    let theirs = node::run("origins.mjs", &json!({ "pairs": input }));
    let mut matches = 0;
    let mut complaints = Vec::new();
    for (at, (text, pattern, url)) in pairs.iter().enumerate() {
        let (ours, theirs) = (pattern.matches(url), theirs[at] == true);
        matches += usize::from(ours);
        if ours != theirs {
            complaints.push(format!("{text} on {url:?}: here {ours}, there {theirs}"));
        }
    }
    complaints.sort();
    complaints.dedup();
    let shown = complaints.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} differ:\n{shown}", complaints.len());
    assert!(matches > COUNT / 20, "too few match to say anything: {matches}");
}
