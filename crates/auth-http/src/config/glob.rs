//! The glob of trusted origins and of rate-limit rules, as Better Auth matches it (core §4.4).
//!
//! | in the glob | matches |
//! |---|---|
//! | `*` | any run of characters without a slash |
//! | `?` | one character that is no slash |
//! | `**` as a whole segment | any number of segments |
//! | `\` and a character | that character |
//! | anything else | itself, upper and lower case apart |
//!
//! A slash is `/` or `\`, one in the glob stands for one or more in the text, and the text may end in slashes. The
//! whole text must match. `**` at the end takes the slash before it along: `/x/**` matches `/x` and `/xyz` too, as in
//! Better Auth; what lies below `/x` and nothing else is `/x/*/**`.
//!
//! A glob becomes the regular expression that Better Auth makes of it. JavaScript's engine backtracks, so
//! that its time can grow with the power of the glob's length; that of the `regex` crate is the product of
//! both lengths at most.

use std::borrow::Cow;
use std::fmt;

use regex::{Regex, RegexBuilder};

/// A glob, ready to be matched.
#[derive(Clone)]
pub struct Glob {
    text: String,
    /// `None` matches nothing. Every glob gives an expression that compiles, since its literals are escaped,
    /// its groups are not nested and its size is not limited.
    regex: Option<Regex>,
}

impl Glob {
    /// Reads a glob; every text is one.
    pub fn new(text: &str) -> Self {
        let pattern = format!("^{}$", expression(&utf16_units(text)));
        let regex = RegexBuilder::new(&pattern).size_limit(usize::MAX).build().ok();
        Self { text: text.to_owned(), regex }
    }

    /// Tells whether a text has a character that makes it more than itself.
    pub fn has_wildcard(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Tells whether the whole of `text` matches.
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

/// One slash, either way.
const SLASH: &str = r"[/\\]";
/// One character that is no slash.
const NO_SLASH: &str = r"[^/\\]";

/// Translates a glob segment by segment, as Better Auth's `transform` does, into the same text. The
/// expression is to be anchored at both ends.
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
            // One at the end of a segment escapes nothing and stands for nothing.
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

/// Gives one character for each UTF-16 unit of a text, since that is what JavaScript's `?` stands for. A
/// surrogate becomes a character of the last private-use plane: every character of that plane is two
/// surrogates itself, so that no two texts become the same.
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
