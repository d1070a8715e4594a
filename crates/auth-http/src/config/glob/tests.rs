//! Compares globs with Better Auth's own results, and with a naive matcher of the regular expression that it
//! makes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use super::{Glob, expression};

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../tests/vectors/wildcards.json")).unwrap()
}

#[test]
fn r_068_globs_match_what_the_reference_matches() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 15);
    for vector in vectors {
        let [pattern, sample] = ["pattern", "sample"].map(|name| vector[name].as_str().unwrap());
        assert_eq!(Glob::new(pattern).is_match(sample), vector["match"], "{pattern} on {sample}");
    }
}

#[test]
fn slashes_are_loose_and_escapes_are_literal() {
    for (glob, text, expected) in [
        ("a/b", "a//b", true),
        ("a/b", "a\\b", true),
        ("a/b", "a/b//", true),
        ("a/b/", "a/b", false),
        ("a/b/", "a/b/", true),
        ("**/c", "c", true),
        ("**/c", "a/b/c", true),
        ("**/c", "abc", false),
        ("a/**/c", "a/c", true),
        ("a/**/c", "a/b/b/c", true),
        // The last slash is not required, as in Better Auth.
        ("/x/**", "/x/y/z", true),
        ("/x/**", "/x", true),
        ("/x/**", "/xyz", true),
        ("/x/**", "/xyz/y", true),
        ("/x/**/c", "/xyz/c", false),
        ("/x/*/**", "/x/y", true),
        ("/x/*/**", "/x/y/z", true),
        ("/x/*/**", "/xyz", false),
        ("/x/*/**", "/x", false),
        ("a**c", "abbc", true),
        ("a**c", "ab/c", false),
        ("\\?", "?", true),
        ("\\?", "x", false),
        ("a\\", "a", true),
        ("A", "a", false),
        ("?", "\u{1f510}", false),
        ("??", "\u{1f510}", true),
        ("", "", true),
        ("", "/", true),
    ] {
        assert_eq!(Glob::new(glob).is_match(text), expected, "{glob} on {text}");
    }
}

#[test]
fn r_075_a_glob_that_would_blow_up_a_regular_expression_takes_no_time() {
    let glob = Glob::new(&"**/a*".repeat(30));
    assert!(!glob.is_match(&format!("{}!", "a/".repeat(1_000))));
}

#[test]
fn the_regular_expression_is_the_references_and_so_is_the_models() {
    for vector in vectors() {
        let pattern = vector["pattern"].as_str().unwrap();
        for made in [expression(pattern), model::regexp(pattern)] {
            assert_eq!(vector["regexp"], format!("^{made}$"), "{pattern}");
        }
    }
}

#[test]
fn every_text_is_a_glob_that_compiles() {
    let mut rng = StdRng::seed_from_u64(69);
    for length in 0..100 {
        let letters = (0..length).map(|_| char::from(rng.random_range(0..=255_u8)));
        let glob = Glob::new(&letters.collect::<String>());
        assert!(glob.regex.is_some(), "{glob}");
    }
    assert!(Glob::new(&"?*/**/\\".repeat(200)).regex.is_some());
}

#[test]
fn characters_of_two_units_stay_apart() {
    let glob = Glob::new("\u{1f510}");
    assert!(glob.is_match("\u{1f510}"));
    // Texts with the same first unit, and the private-use characters that represent the two units.
    for other in ["\u{1f511}", "\u{10003d}\u{100510}", "\u{10003d}", ""] {
        assert!(!glob.is_match(other), "{other:?}");
    }
}

#[test]
fn r_068_random_globs_match_as_the_regular_expression_does() {
    let mut rng = StdRng::seed_from_u64(68);
    let mut text = |letters: &[char], longest: usize| -> String {
        (0..rng.random_range(0..=longest)).map(|_| letters[rng.random_range(0..letters.len())]).collect()
    };
    let mut matches = 0;
    // In an unoptimised build, compiling a glob takes milliseconds and matching it takes microseconds.
    for _ in 0..1_500 {
        let text_of_glob = text(&['*', '*', '?', '/', '\\', 'a', 'b', '.'], 8);
        let glob = Glob::new(&text_of_glob);
        for _ in 0..20 {
            let sample = text(&['/', '\\', 'a', 'a', 'b', '.'], 7);
            let expected = model::is_match(&text_of_glob, &sample);
            matches += u32::from(expected);
            assert_eq!(glob.is_match(&sample), expected, "{glob} on {sample:?}");
        }
    }
    assert!(matches > 1_000, "too few of the pairs match to say anything: {matches}");
}

/// Works as Better Auth does: builds a regular expression and runs it.
mod model {
    use super::BTreeSet;

    enum Node {
        Character(char),
        /// `[/\\]` if true, `[^/\\]` if false.
        Slash(bool),
        Group(Vec<Node>),
        Star(Box<Node>),
        Plus(Box<Node>),
    }

    pub(super) fn is_match(glob: &str, text: &str) -> bool {
        let regexp: Vec<char> = regexp(glob).chars().collect();
        let text: Vec<char> = text.chars().collect();
        let (nodes, rest) = parse(&regexp);
        assert!(rest.is_empty());
        nodes.iter().fold(BTreeSet::from([0]), |from, node| step(node, &text, &from)).contains(&text.len())
    }

    /// The text of the regular expression, without its anchors.
    pub(super) fn regexp(glob: &str) -> String {
        let segments: Vec<&str> = glob.split('/').collect();
        let mut text = String::new();
        for (at, segment) in segments.iter().enumerate() {
            if at > 0 && segment.is_empty() {
                continue;
            }
            let separator = match segments.get(at + 1) {
                None => "[/\\\\]*?",
                Some(&"**") => "",
                Some(_) => "[/\\\\]+?",
            };
            if *segment == "**" {
                if !separator.is_empty() {
                    text += if at == 0 { "" } else { separator };
                    text += &format!("(?:[^/\\\\]*?{separator})*?");
                }
                continue;
            }
            let mut letters = segment.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '\\' => text += &letters.next().map(escaped).unwrap_or_default(),
                    '?' => text += "[^/\\\\]",
                    '*' => text += "[^/\\\\]*?",
                    other => text += &escaped(other),
                }
            }
            text += separator;
        }
        text
    }

    fn escaped(letter: char) -> String {
        if "-^$+.()|[]{}*?\\".contains(letter) { format!("\\{letter}") } else { letter.to_string() }
    }

    fn parse(mut rest: &[char]) -> (Vec<Node>, &[char]) {
        let mut nodes = Vec::new();
        loop {
            let (node, after) = match rest {
                [] | [')', ..] => return (nodes, rest),
                ['(', '?', ':', inner @ ..] => {
                    let (group, after) = parse(inner);
                    (Node::Group(group), &after[1..])
                }
                ['[', '^', '/', '\\', '\\', ']', after @ ..] => (Node::Slash(false), after),
                ['[', '/', '\\', '\\', ']', after @ ..] => (Node::Slash(true), after),
                ['\\', letter, after @ ..] | [letter, after @ ..] => (Node::Character(*letter), after),
            };
            let (node, after) = match after {
                ['*', '?', after @ ..] => (Node::Star(Box::new(node)), after),
                ['+', '?', after @ ..] => (Node::Plus(Box::new(node)), after),
                after => (node, after),
            };
            nodes.push(node);
            rest = after;
        }
    }

    /// Returns every position that the node can reach from the given positions.
    fn step(node: &Node, text: &[char], from: &BTreeSet<usize>) -> BTreeSet<usize> {
        let one = |fits: &dyn Fn(char) -> bool| {
            from.iter().filter(|at| text.get(**at).is_some_and(|c| fits(*c))).map(|at| at + 1).collect()
        };
        match node {
            Node::Character(wanted) => one(&|c| c == *wanted),
            Node::Slash(wanted) => one(&|c| matches!(c, '/' | '\\') == *wanted),
            Node::Group(nodes) => nodes.iter().fold(from.clone(), |from, node| step(node, text, &from)),
            Node::Plus(inner) => {
                let once = step(inner, text, from);
                more(inner, text, once)
            }
            Node::Star(inner) => more(inner, text, from.clone()),
        }
    }

    fn more(inner: &Node, text: &[char], mut all: BTreeSet<usize>) -> BTreeSet<usize> {
        loop {
            let next = step(inner, text, &all);
            if next.is_subset(&all) {
                return all;
            }
            all.extend(next);
        }
    }
}
