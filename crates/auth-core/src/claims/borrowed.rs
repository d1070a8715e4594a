//! Claims that borrow from the payload. The claims of an access token are read without copying them first.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Claim, ClaimSource};
use crate::jws::JwsError;
use crate::numeric_date;

/// Initial capacity: the number of claims in an access token and a few more, so that the list rarely grows.
const USUAL: usize = 16;

/// The members of a payload, duplicates included. Only the names of lists and objects are kept.
pub(crate) struct BorrowedClaims<'p>(Vec<(Text<'p>, Member<'p>)>);

impl<'p> BorrowedClaims<'p> {
    /// Reads a payload, which must be a JSON object.
    pub(crate) fn read(payload: &'p [u8]) -> Result<Self, JwsError> {
        let Payload(members) = serde_json::from_slice(payload).map_err(JwsError::Json)?;
        members.map(Self).ok_or(JwsError::NotAnObject)
    }
}

impl ClaimSource for BorrowedClaims<'_> {
    fn claim(&self, name: &str) -> Option<Claim<'_>> {
        // Of duplicate members the last one counts, as in JavaScript.
        let (_, member) = self.0.iter().rev().find(|(known, _)| known.0 == name)?;
        Some(match member {
            Member::Null => Claim::Null,
            Member::Bool(value) => Claim::Bool(*value),
            Member::Number(value) => Claim::Number(numeric_date::read_double(*value)),
            Member::Text(text) => Claim::Text(text),
            Member::Other => Claim::Other,
        })
    }
}

/// A text, borrowed unless it has escapes.
struct Text<'p>(Cow<'p, str>);

enum Member<'p> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'p, str>),
    Other,
}

/// The members, or `None` if the JSON is not an object. If serde were asked for an object directly, its error
/// would quote the value that it found.
struct Payload<'p>(Option<Vec<(Text<'p>, Member<'p>)>>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Member::deserialize(deserializer)? {
            Member::Text(text) => Ok(Self(text)),
            Member::Null | Member::Bool(_) | Member::Number(_) | Member::Other => {
                Err(D::Error::custom("a name is no text"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Member<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Members)
    }
}

impl<'de> Deserialize<'de> for Payload<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Payloads)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Member::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact")]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Member::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact")]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Member::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Member::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    // Nested values are parsed and dropped, so that invalid JSON inside them is an error.
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<Value>()?.is_some() {}
        Ok(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<String, Value>()?.is_some() {}
        Ok(Member::Other)
    }
}

struct Payloads;

impl<'de> Visitor<'de> for Payloads {
    type Value = Payload<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(USUAL);
        while let Some(member) = source.next_entry()? {
            members.push(member);
        }
        Ok(Payload(Some(members)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Payload(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        Members.visit_seq(items).map(|_| Payload(None))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::Map;

    use super::*;

    /// Reads a claim of a payload through both sources.
    fn both(payload: &str, name: &str) -> [Option<String>; 2] {
        let owned: Map<String, Value> = serde_json::from_str(payload).unwrap();
        let borrowed = BorrowedClaims::read(payload.as_bytes()).unwrap();
        [owned.claim(name), borrowed.claim(name)].map(|claim| claim.map(|claim| format!("{claim:?}")))
    }

    #[test]
    fn both_sources_read_the_same() {
        for value in [
            "null",
            "true",
            "false",
            "\"\"",
            "\"text\"",
            "\"\\u00e9\\n\\ud83d\\udd10\"",
            "\"\u{e9}\"",
            "0",
            "-1",
            "1894710896",
            "1894710896.25",
            "1e300",
            "-0",
            "18446744073709551615",
            "[]",
            "[[1],{}]",
            "{}",
            "{\"a\":{\"b\":[1e5]}}",
        ] {
            let payload = format!(r#" {{"first":1,"claim":{value},"last":"x"}} "#);
            let [owned, borrowed] = both(&payload, "claim");
            assert!(owned.is_some());
            assert_eq!(owned, borrowed, "{value}");
            assert_eq!(both(&payload, "other"), [None, None]);
        }
    }

    #[test]
    fn r_015_of_claims_that_stand_twice_the_last_counts() {
        for payload in [r#"{"claim":1,"claim":"x"}"#, r#"{"cl\u0061im":"x","claim":null,"a":1}"#] {
            let [owned, borrowed] = both(payload, "claim");
            assert_eq!(owned, borrowed, "{payload}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused_without_being_quoted() {
        for payload in
            ["null", "true", "-1", "1", "1.5", "\"hunter2\"", "\"hunter\\u0032\"", "[\"hunter2\", {}]"]
        {
            let refused = BorrowedClaims::read(payload.as_bytes()).err().unwrap();
            assert!(matches!(refused, JwsError::NotAnObject), "{payload}: {refused:?}");
        }
        for payload in
            ["", "{", "{\"a\":}", "{1:2}", "{\"a\":1}x", "{\"a\":\"\u{1}\"}", "[1", "{\"hunter2\":1e400}"]
        {
            let refused = BorrowedClaims::read(payload.as_bytes()).err().unwrap();
            assert!(matches!(refused, JwsError::Json(_)), "{payload}: {refused:?}");
            assert!(!format!("{refused:?}").contains("hunter2"));
        }
    }
}
