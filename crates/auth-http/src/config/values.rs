//! Values that serde alone cannot read: numbers within a range, words, lists of parsed items, tables of named
//! entries.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use serde::de::{self, Deserialize, Deserializer, Expected, MapAccess, Unexpected, Visitor};

use super::deserialize::one_of;
use super::error::Problem;

/// Returns the number of CPU cores, which some settings use if their value is 0.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Creates the error for a value that cannot be read as its type.
pub(crate) fn expected<E: de::Error>(expected: impl AsRef<str>) -> E {
    E::invalid_value(Unexpected::Other("value"), &expected.as_ref())
}

/// Creates the error for a value that can be read but must not be used: the reason, and what to do instead.
pub(crate) fn refused<E: de::Error>(reason: impl fmt::Display, way_out: &str) -> E {
    E::custom(Problem::refused(reason, way_out))
}

/// Reads a whole number within a range.
pub(crate) fn number<'de, T, D>(deserializer: D, range: RangeInclusive<T>) -> Result<T, D::Error>
where
    T: TryFrom<u64> + PartialOrd + fmt::Display,
    D: Deserializer<'de>,
{
    let number = u64::deserialize(deserializer).ok().and_then(|number| T::try_from(number).ok());
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| expected(format!("a whole number from {} to {}", range.start(), range.end())))
}

/// Reads a whole number within a range that is given by const parameters.
pub(crate) fn whole<'de, const LEAST: u64, const MOST: u64, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: TryFrom<u64>,
    D: Deserializer<'de>,
{
    let number = number(deserializer, LEAST..=MOST)?;
    T::try_from(number).map_err(|_| expected(format!("a whole number from {LEAST} to {MOST}")))
}

/// Reads and parses a text; `wanted` describes the expected form.
pub(crate) fn parsed<'de, T, D>(
    deserializer: D,
    wanted: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer).ok();
    text.and_then(|text| parse(&text)).ok_or_else(|| expected(wanted))
}

/// Reads one of several words.
pub(crate) fn word<'de, T, D>(deserializer: D, words: &[(&str, T)]) -> Result<T, D::Error>
where
    T: Copy,
    D: Deserializer<'de>,
{
    let wanted = one_of(words.iter().map(|(word, _)| *word));
    parsed(deserializer, &wanted, |text| {
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    })
}

/// Reads the items of a list: an array, or one text with commas. `parse` receives each item's position, from
/// 1, and its text.
pub(crate) fn list<'de, T, D>(
    deserializer: D,
    parse: impl Fn(usize, &str) -> Result<T, D::Error>,
) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
{
    let items = Vec::<String>::deserialize(deserializer)?;
    items.iter().zip(1..).map(|(item, place)| parse(place, item)).collect()
}

/// Reads a table whose keys the operator chooses, in their order; `wanted` describes the expected form.
pub(crate) fn named<'de, T, D>(deserializer: D, wanted: &'static str) -> Result<Vec<(String, T)>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Named(wanted, PhantomData))
}

struct Named<T>(&'static str, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Expected::fmt(&self.0, f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
