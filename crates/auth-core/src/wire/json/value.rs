//! A JSON value that keeps the order of members, which serde_json's own type does not.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::date;
use crate::wire::Timestamp;

/// A value as `JSON.parse` returns it. Members are in JavaScript's order: array indices first, by number,
/// then the rest in the order of the text. A duplicate name keeps its first position and gets its last value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Returns the text; `None` for every other type.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// Returns the member with that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Removes and returns the member with that name.
    pub(crate) fn take(&mut self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        let place = members.iter().position(|(known, _)| known == name)?;
        Some(members.remove(place).1)
    }

    /// Replaces every text that looks like a date with the printed form of that date. Better Auth does the
    /// same when it parses a value and writes it again before it checks a MAC.
    pub(crate) fn revive_dates(&mut self) {
        match self {
            Self::Text(text) => {
                if let Some(at) = date::parse(text)
                    && Timestamp(at).text().is_none_or(|printed| printed != *text.as_bytes())
                {
                    *text = Timestamp(at).to_string();
                }
            }
            Self::List(items) => items.iter_mut().for_each(Self::revive_dates),
            Self::Object(members) => members.iter_mut().for_each(|(_, value)| value.revive_dates()),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }

    /// Returns a whole number that a double holds exactly; `None` for every other value.
    pub(crate) fn as_whole_number(&self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self {
            #[expect(clippy::cast_possible_truncation, reason = "compared with the bounds first")]
            Self::Number(value) if value.fract() == 0.0 && value.abs() <= EXACT => Some(*value as i64),
            Self::Number(_)
            | Self::Null
            | Self::Bool(_)
            | Self::Text(_)
            | Self::List(_)
            | Self::Object(_) => None,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

/// Up to this many members are searched one by one, which needs no memory. For more members, their positions
/// are kept in a map, because searching one by one would take quadratic time.
const FEW: usize = 32;

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript has doubles only and loses the same digits")]
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "JavaScript has doubles only and loses the same digits")]
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some((name, value)) = source.next_entry::<String, Json>()? {
            if members.len() == FEW {
                places = members.iter().zip(0..).map(|((name, _), place)| (name.clone(), place)).collect();
            }
            let place = if members.len() < FEW {
                members.iter().position(|(known, _)| *known == name)
            } else {
                places.get(&name).copied()
            };
            match place.and_then(|place| members.get_mut(place)) {
                Some((_, earlier)) => *earlier = value,
                None => {
                    if members.len() >= FEW {
                        places.insert(name.clone(), members.len());
                    }
                    members.push((name, value));
                }
            }
        }
        if members.iter().any(|(name, _)| array_index(name).is_some()) {
            // The sort is stable, so all other names keep their order after the indices.
            members.sort_by_key(|(name, _)| array_index(name).unwrap_or(u64::MAX));
        }
        Ok(Json::Object(members))
    }
}

/// Returns the number of a name that JavaScript treats as an array index (ECMA-262,
/// `OrdinaryOwnPropertyKeys`).
fn array_index(name: &str) -> Option<u64> {
    let canonical = name == "0" || (!name.starts_with('0') && name.bytes().all(|byte| byte.is_ascii_digit()));
    let index: u64 = if canonical { name.parse().ok()? } else { return None };
    (index < u64::from(u32::MAX)).then_some(index)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn check(text: &str, expected: &str) {
        let value: Json = serde_json::from_str(text).unwrap();
        assert_eq!(super::super::to_string(&value).unwrap(), expected, "{text}");
    }

    #[test]
    fn members_keep_their_order() {
        check(r#"{"b":1,"a":{"d":[],"c":null}}"#, r#"{"b":1,"a":{"d":[],"c":null}}"#);
    }

    #[test]
    fn array_indices_come_first_as_in_javascript() {
        check(
            r#"{"b":1,"10":2,"9":3,"01":4,"4294967295":5,"":6}"#,
            r#"{"9":3,"10":2,"b":1,"01":4,"4294967295":5,"":6}"#,
        );
    }

    #[test]
    fn r_015_of_members_that_stand_twice_the_last_value_counts_in_the_first_place() {
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn objects_of_every_size_keep_order_and_last_values() {
        for count in [1, FEW - 1, FEW, FEW + 1, 3 * FEW] {
            let member = |number: usize, value: usize| format!(r#""m{number}":{value}"#);
            let once: Vec<String> = (0..count).map(|number| member(number, number)).collect();
            let twice: Vec<String> = (0..count).map(|number| member(number, number + 1)).collect();
            let text = format!("{{{},{}}}", once.join(","), twice.join(","));
            check(&text, &format!("{{{}}}", twice.join(",")));
        }
    }

    #[test]
    fn numbers_are_doubles() {
        check(
            "[1.0,1e2,-0,9007199254740993,0.30000000000000004]",
            "[1,100,0,9007199254740992,0.30000000000000004]",
        );
    }

    #[test]
    fn dates_print_in_milliseconds() {
        let mut value: Json = serde_json::from_str(
            r#"{"a":["2030-01-15T12:34:56Z","2030-01-15"],"b":"2030-01-15T12:34:56.789999Z"}"#,
        )
        .unwrap();
        value.revive_dates();
        let expected = r#"{"a":["2030-01-15T12:34:56.000Z","2030-01-15"],"b":"2030-01-15T12:34:56.789Z"}"#;
        assert_eq!(super::super::to_string(&value).unwrap(), expected);
    }
}
