//! JSON as `JSON.stringify` prints it. A stored value then reads the same from this server and from Better
//! Auth.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::wire::json::{self, Json};

/// A JSON text in the form that `JSON.stringify(JSON.parse(text))` returns: no spaces, members in
/// JavaScript's order, numbers as JavaScript prints them.
///
/// ```
/// use auth_core::JsonText;
///
/// let settings = JsonText::parse(r#"{ "theme": "dark", "zoom": 1.0, "2": [] }"#)?;
/// assert_eq!(settings.as_str(), r#"{"2":[],"theme":"dark","zoom":1}"#);
/// # Ok::<(), auth_core::ParseJsonError>(())
/// ```
#[derive(Clone)]
pub struct JsonText(Box<RawValue>);

/// The text is not JSON, or is nested deeper than 127 levels.
///
/// ```
/// use auth_core::JsonText;
///
/// let error = JsonText::parse("{'password': 'hunter2'}").unwrap_err();
/// assert_eq!(error.to_string(), "not JSON");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct ParseJsonError;

impl JsonText {
    /// Parses any JSON text. Of two members with the same name, the last one counts.
    ///
    /// # Errors
    ///
    /// [`ParseJsonError`], which does not quote the text.
    pub fn parse(text: &str) -> Result<Self, ParseJsonError> {
        let value: Json = serde_json::from_str(text).map_err(|_quotes| ParseJsonError)?;
        Self::of(&value)
    }

    /// Serialises a value.
    pub(crate) fn of(value: &Json) -> Result<Self, ParseJsonError> {
        let canonical = json::to_string(value).map_err(|_says_no_more| ParseJsonError)?;
        RawValue::from_string(canonical).map(Self).map_err(|_quotes| ParseJsonError)
    }

    /// Whether a text in it contains U+0000, which PostgreSQL's `jsonb` cannot store.
    pub fn has_nul(&self) -> bool {
        // In an escape, the number of backslashes before the letter is odd.
        self.as_str().match_indices(r"\u0000").any(|(at, _)| {
            let before = self.as_str().get(..at).unwrap_or_default();
            (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
        })
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonText {}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Serialises as JSON instead of as a string, in the serialisers of serde_json.
impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let canonical = JsonText::parse(text).unwrap();
        assert_eq!(canonical.as_str(), expected);
        assert_eq!(serde_json::to_string(&canonical).unwrap(), expected);
    }

    /// The expected values are what `JSON.stringify(JSON.parse(text))` returned on Node 20.
    #[test]
    fn json_reads_as_javascript_prints_it() {
        check(r#" {"b": 1.0, "a": [true, null, "x"] } "#, r#"{"b":1,"a":[true,null,"x"]}"#);
        check(r#"{"b":1,"2":1,"a":1,"10":1,"1":1,"01":1}"#, r#"{"1":1,"2":1,"10":1,"b":1,"a":1,"01":1}"#);
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        check(r#""\u00fc\/\u0001\u007f\u2028\ud83e\udd80\"""#, "\"ü/\\u0001\u{7f}\u{2028}🦀\\\"\"");
        check(
            "[-0, 0.1, 100, 1e3, 123456789012345678901234567890]",
            "[0,0.1,100,1000,1.2345678901234568e+29]",
        );
        check(
            "[1e20,1e21,1.5e21,9007199254740993]",
            "[100000000000000000000,1e+21,1.5e+21,9007199254740992]",
        );
        check("[0.000001,0.0000001,-1.25e-9,5e-324]", "[0.000001,1e-7,-1.25e-9,5e-324]");
        check(
            "[1.7976931348623157e308,0.30000000000000004]",
            "[1.7976931348623157e+308,0.30000000000000004]",
        );
        check("[12.5,-1234.5678]", "[12.5,-1234.5678]");
    }

    #[test]
    fn nul_is_found_and_what_only_looks_like_it_is_not() {
        for (text, has_nul) in [
            (r#""a\u0000""#, true),
            (r#"{"\u0000":1}"#, true),
            (r#""\\\u0000""#, true),
            (r#""\\u0000""#, false),
            (r#""u0000""#, false),
        ] {
            assert_eq!(JsonText::parse(text).unwrap().has_nul(), has_nul, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "x", "{", "[1,]", "{'a':1}", "01", "\"\n\"", "nul", "1 2"] {
            assert_eq!(JsonText::parse(text).err(), Some(ParseJsonError), "{text}");
        }
        assert!(JsonText::parse(&"[".repeat(100_000)).is_err());
    }
}
