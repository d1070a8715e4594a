//! JSON as `JSON.stringify` prints it, so that what one server stored reads the same from the other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON text in the form that `JSON.stringify(JSON.parse(text))` gives: no spaces, members in
/// JavaScript's order, numbers as JavaScript prints them.
#[derive(Clone)]
pub struct JsonText(Box<RawValue>);

/// The text is no JSON, or is nested deeper than 127 levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON")]
pub struct ParseJsonError;

impl JsonText {
    /// Reads any JSON text; of two members with one name the last counts.
    ///
    /// # Errors
    ///
    /// [`ParseJsonError`], which does not quote the text.
    pub fn parse(text: &str) -> Result<Self, ParseJsonError> {
        let tree: Tree = serde_json::from_str(text).map_err(|_quotes| ParseJsonError)?;
        let mut canonical = String::with_capacity(text.len());
        tree.write(&mut canonical);
        RawValue::from_string(canonical).map(Self).map_err(|_quotes| ParseJsonError)
    }

    /// Gives the text.
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

/// As the JSON that it is, in serde_json's serialisers.
impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// JSON with its members in the order of the text.
enum Tree {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn write(&self, into: &mut String) {
        match self {
            Self::Null => into.push_str("null"),
            Self::Boolean(value) => into.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => into.push_str(&number(*value)),
            Self::Text(text) => write_text(text, into),
            Self::List(items) => {
                into.push('[');
                for (index, item) in items.iter().enumerate() {
                    into.push_str(if index == 0 { "" } else { "," });
                    item.write(into);
                }
                into.push(']');
            }
            Self::Object(members) => {
                into.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    into.push_str(if index == 0 { "" } else { "," });
                    write_text(name, into);
                    into.push(':');
                    value.write(into);
                }
                into.push('}');
            }
        }
    }
}

/// serde_json escapes exactly what `JSON.stringify` does, in the same way.
fn write_text(text: &str, into: &mut String) {
    into.push_str(&serde_json::Value::from(text).to_string());
}

/// Prints a number as JavaScript does (ECMA-262, `Number::toString`).
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return "null".to_owned();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    // The shortest digits that read back as the same number, as in JavaScript: "1.25e3".
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // Where the decimal point stands, counted from before the first digit.
    let point = exponent.parse::<i32>().unwrap_or(0).saturating_add(1);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    let cut = |digits: &str, at: i32| {
        let (before, after) = digits.split_at(usize::try_from(at).unwrap_or(0).min(digits.len()));
        format!("{before}.{after}")
    };
    let text = if length <= point && point <= 21 {
        format!("{digits}{}", zeros(point - length))
    } else if 0 < point && point <= 21 {
        cut(&digits, point)
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let mantissa = if length == 1 { digits } else { cut(&digits, 1) };
        let sign = if point > 0 { "+" } else { "-" };
        format!("{mantissa}e{sign}{}", (point - 1).abs())
    };
    format!("{sign}{text}")
}

/// The number of a member whose name is an array index: such members come first, in rising order
/// (ECMA-262, `OrdinaryOwnPropertyKeys`).
fn array_index(name: &str) -> Option<u32> {
    let number: u32 = name.parse().ok()?;
    (number < u32::MAX && number.to_string() == name).then_some(number)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Boolean(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are no finer")]
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript's numbers are no finer")]
    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut members: Vec<(String, Tree)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((name, value)) = entries.next_entry::<String, Tree>()? {
            let place = *places.entry(name.clone()).or_insert(members.len());
            match members.get_mut(place) {
                Some(member) => member.1 = value,
                None => members.push((name, value)),
            }
        }
        members.sort_by_key(|(name, _)| array_index(name).unwrap_or(u32::MAX));
        Ok(Tree::Object(members))
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

    /// What `JSON.stringify(JSON.parse(text))` gave on Node 20.
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
    fn what_is_no_json_is_refused() {
        for text in ["", "x", "{", "[1,]", "{'a':1}", "01", "\"\n\"", "nul", "1 2"] {
            assert_eq!(JsonText::parse(text).err(), Some(ParseJsonError), "{text}");
        }
        assert!(JsonText::parse(&"[".repeat(100_000)).is_err());
    }
}
