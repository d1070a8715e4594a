//! The globs of trusted origins and of rate-limit rules, matched as Better Auth does (core §4.4).
//!
//! | in the glob | matches |
//! |---|---|
//! | `*` | any run of characters without a slash |
//! | `?` | one character except a slash |
//! | `**` as a whole segment | any number of segments |
//! | `\` and a character | that character |
//! | anything else | itself, case-sensitive |
//!
//! A slash is `/` or `\`. A slash in the glob matches one or more slashes in the text, and the text may end
//! in slashes. The whole text must match. `**` at the end includes the slash before it: `/x/**` matches `/x`
//! and `/xyz` too, as in Better Auth. `/x/*/**` matches only what is below `/x`.
//!
//! A glob is compiled to the regular expression that Better Auth makes of it. JavaScript's engine backtracks,
//! so its time can grow exponentially with the glob's length. The time of the `regex` crate is at most the
//! product of both lengths.

use std::borrow::Cow;
use std::fmt;

use regex::{Regex, RegexBuilder};

/// A compiled glob.
#[derive(Clone)]
pub struct Glob {
    text: String,
    /// `None` matches nothing. In practice every glob gives an expression that compiles: its literals are
    /// escaped, its groups are not nested and its size is not limited.
    regex: Option<Regex>,
}

impl Glob {
    /// Compiles a glob; every text is a valid one.
    pub fn new(text: &str) -> Self {
        let pattern = format!("^{}$", expression(&utf16_units(text)));
        let regex = RegexBuilder::new(&pattern).size_limit(usize::MAX).build().ok();
        Self { text: text.to_owned(), regex }
    }

    /// Whether a text contains a wildcard.
    pub fn has_wildcard(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Whether the whole of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(&utf16_units(text)))
    }
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Glob {}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Glob").field(&self.text).finish()
    }
}

/// One slash, forward or backward.
const SLASH: &str = r"[/\\]";
/// One character except a slash.
const NO_SLASH: &str = r"[^/\\]";

/// Translates a glob segment by segment into the same text as Better Auth's `transform`. The caller must
/// anchor the expression at both ends.
fn expression(glob: &str) -> String {
    let segments: Vec<&str> = glob.split('/').collect();
    let mut expression = String::new();
    for (at, segment) in segments.iter().enumerate() {
        if segment.is_empty() && at > 0 {
            continue;
        }
        let separator = match segments.get(at + 1) {
            None => format!("{SLASH}*?"),
            Some(&"**") => String::new(),
            Some(_) => format!("{SLASH}+?"),
        };
        if *segment != "**" {
            push_segment(&mut expression, segment);
            expression.push_str(&separator);
        } else if !separator.is_empty() {
            if at > 0 {
                expression.push_str(&separator);
            }
            expression.push_str(&format!("(?:{NO_SLASH}*?{separator})*?"));
        }
    }
    expression
}

fn push_segment(expression: &mut String, segment: &str) {
    let mut letters = segment.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // A backslash at the end of a segment escapes nothing and is dropped.
            '\\' => letters.next().into_iter().for_each(|escaped| push_literal(expression, escaped)),
            '?' => expression.push_str(NO_SLASH),
            '*' => expression.push_str(&format!("{NO_SLASH}*?")),
            letter => push_literal(expression, letter),
        }
    }
}

fn push_literal(expression: &mut String, letter: char) {
    if r"\-^$+.()|[]{}*?".contains(letter) {
        expression.push('\\');
    }
    expression.push(letter);
}

/// Returns one character for each UTF-16 unit of a text, because JavaScript's `?` matches one unit. A
/// surrogate becomes a character of the last private-use plane. Every character of that plane is itself two
/// surrogates, so different texts stay different.
fn utf16_units(text: &str) -> Cow<'_, str> {
    const FIRST_SURROGATE: u16 = 0xd800;
    const LAST_PLANE: u32 = 0x10_0000;

    if text.chars().all(|letter| letter.len_utf16() == 1) {
        return Cow::Borrowed(text);
    }
    let letter = |unit: u16| {
        let surrogate = || char::from_u32(LAST_PLANE + u32::from(unit.saturating_sub(FIRST_SURROGATE)));
        char::from_u32(u32::from(unit)).or_else(surrogate)
    };
    Cow::Owned(text.encode_utf16().filter_map(letter).collect())
}

#[cfg(test)]
mod tests;
