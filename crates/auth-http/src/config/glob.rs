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
//! Better Auth; what lies below `/x` and nothing else is `/x/*/**`. Better Auth compiles a glob to a regular expression, whose time can grow with the power of
//! its length; here it is the product of both lengths at most.

use std::fmt;

/// A glob, ready to be matched.
#[derive(Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    parts: Vec<Part>,
}

/// What a place of the text may hold. Texts are read as JavaScript counts, in UTF-16 units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Just(u16),
    Slash,
    NoSlash,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// One unit.
    One(Unit),
    /// Any number of units.
    Run(Unit),
    /// The next parts, this many of them, may be left out together.
    Optional(usize),
}

impl Glob {
    /// Reads a glob; every text is one.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), parts: parts(text) }
    }

    /// Tells whether a text has a character that makes it more than itself.
    pub fn has_wildcard(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Tells whether the whole of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        // reached[i]: the first i parts can match what was read so far.
        let mut reached = vec![false; self.parts.len() + 1];
        self.reach(&mut reached, 0);
        for unit in text.encode_utf16() {
            let mut next = vec![false; self.parts.len() + 1];
            for (at, part) in self.parts.iter().enumerate() {
                if !is_set(&reached, at) {
                    continue;
                }
                match part {
                    Part::One(kind) if kind.takes(unit) => self.reach(&mut next, at + 1),
                    Part::Run(kind) if kind.takes(unit) => self.reach(&mut next, at),
                    Part::One(_) | Part::Run(_) | Part::Optional(_) => {}
                }
            }
            reached = next;
        }
        is_set(&reached, self.parts.len())
    }

    /// Marks a place, and the places after it that can be had for nothing. Each is marked once, so that the work
    /// per unit of text is bounded by the number of parts.
    fn reach(&self, reached: &mut [bool], at: usize) {
        match reached.get_mut(at) {
            Some(place) if !*place => *place = true,
            _ => return,
        }
        match self.parts.get(at) {
            Some(Part::Run(_)) => self.reach(reached, at + 1),
            Some(Part::Optional(parts)) => {
                self.reach(reached, at + 1);
                self.reach(reached, at + 1 + parts);
            }
            Some(Part::One(_)) | None => {}
        }
    }
}

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

impl Unit {
    fn takes(self, unit: u16) -> bool {
        let is_slash = unit == u16::from(b'/') || unit == u16::from(b'\\');
        match self {
            Self::Just(wanted) => unit == wanted,
            Self::Slash => is_slash,
            Self::NoSlash => !is_slash,
            Self::Any => true,
        }
    }
}

fn is_set(reached: &[bool], at: usize) -> bool {
    reached.get(at).copied().unwrap_or(false)
}

/// Translates a glob segment by segment, as Better Auth's `transform` does.
fn parts(glob: &str) -> Vec<Part> {
    const SLASHES: [Part; 2] = [Part::One(Unit::Slash), Part::Run(Unit::Slash)];
    const SLASHES_OR_NONE: [Part; 1] = [Part::Run(Unit::Slash)];

    let mut parts = Vec::new();
    let segments: Vec<&str> = glob.split('/').collect();
    for (at, segment) in segments.iter().enumerate() {
        if segment.is_empty() && at > 0 {
            continue;
        }
        let separator: &[Part] = match segments.get(at + 1) {
            None => &SLASHES_OR_NONE,
            Some(&"**") => &[],
            Some(_) => &SLASHES,
        };
        if *segment != "**" {
            parts.extend(literal_parts(segment));
            parts.extend_from_slice(separator);
        } else if !separator.is_empty() {
            if at > 0 {
                parts.extend_from_slice(separator);
            }
            if at + 1 < segments.len() {
                // Segments that each end in a slash are nothing, or anything that does.
                parts.extend([Part::Optional(2), Part::Run(Unit::Any), Part::One(Unit::Slash)]);
            } else {
                parts.push(Part::Run(Unit::Any));
            }
        }
    }
    parts
}

fn literal_parts(segment: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut units = segment.encode_utf16();
    while let Some(unit) = units.next() {
        match u8::try_from(unit) {
            // One at the end of a segment escapes nothing and stands for nothing.
            Ok(b'\\') => parts.extend(units.next().map(|escaped| Part::One(Unit::Just(escaped)))),
            Ok(b'?') => parts.push(Part::One(Unit::NoSlash)),
            Ok(b'*') => parts.push(Part::Run(Unit::NoSlash)),
            _ => parts.push(Part::One(Unit::Just(unit))),
        }
    }
    parts
}

#[cfg(test)]
mod tests;
