//! The types of additional fields, and the JSON values that each one accepts.
//!
//! Better Auth checks no types. The database parses the values from text, so `"12"` is a number and `"yes"`
//! is true; HTML forms depend on this. This module accepts the same values without a database query. It
//! refuses values that would change the type: lists and objects for text, and list items of another type than
//! declared.

use serde_json::Value;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::additional::{FieldValue, JsonText};

/// The type of an additional field (`type` in its declaration).
///
/// ```
/// use auth_core::{FieldKind, FieldValue};
/// use serde_json::json;
///
/// assert_eq!(FieldKind::Number.read(&json!("12")), Some(FieldValue::Number(12)), "as forms send it");
/// assert_eq!(FieldKind::Boolean.read(&json!("yes")), Some(FieldValue::Boolean(true)));
/// assert_eq!(FieldKind::Text.read(&json!(["a", "b"])), None);
/// assert_eq!(FieldKind::TextList.word(), "string[]");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `string`.
    Text,
    /// `number`: a 32-bit integer.
    Number,
    /// `number` with `bigint`: a 64-bit integer.
    BigNumber,
    /// `boolean`.
    Boolean,
    /// `date`: a point in time.
    Date,
    /// `json`.
    Json,
    /// `string[]`.
    TextList,
    /// `number[]`.
    NumberList,
}

impl FieldKind {
    /// Longest accepted text or JSON in bytes. The default limit for a request body is not higher, so this
    /// bound matters only if an operator raised that limit (R-76).
    pub const TEXT_MAX: usize = 65_536;

    /// Every type with its name in declarations. `bigint` is a separate key of a declaration.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("string", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("json", Self::Json),
        ("string[]", Self::TextList),
        ("number[]", Self::NumberList),
    ];

    /// Returns the name of the type in declarations.
    pub fn word(self) -> &'static str {
        let kind = if self == Self::BigNumber { Self::Number } else { self };
        Self::WORDS.iter().find(|(_, other)| *other == kind).map_or("", |(word, _)| word)
    }

    /// Reads a value of this type; `None` if it has another type. JSON's `null` is [`FieldValue::Null`].
    pub fn read(self, value: &Value) -> Option<FieldValue> {
        if value.is_null() {
            return Some(FieldValue::Null);
        }
        let value = match self {
            Self::Text => text(value).map(FieldValue::Text),
            Self::Number => whole(value).filter(|n| i32::try_from(*n).is_ok()).map(FieldValue::Number),
            Self::BigNumber => whole(value).map(FieldValue::BigNumber),
            Self::Boolean => truth(value).map(FieldValue::Boolean),
            Self::Date => value.as_str().and_then(date).map(FieldValue::Date),
            Self::Json => json(value, |_| true).map(FieldValue::Json),
            Self::TextList => json(value, |value| is_list_of(value, Value::is_string)).map(FieldValue::Json),
            Self::NumberList => {
                json(value, |value| is_list_of(value, Value::is_number)).map(FieldValue::Json)
            }
        };
        value.filter(|value| match value {
            FieldValue::Text(text) => text.len() <= Self::TEXT_MAX,
            FieldValue::Json(json) => json.as_str().len() <= Self::TEXT_MAX,
            FieldValue::Null
            | FieldValue::Number(_)
            | FieldValue::BigNumber(_)
            | FieldValue::Boolean(_)
            | FieldValue::Date(_) => true,
        })
    }

    /// Whether an index can order values of this type.
    pub(super) fn is_indexable(self) -> bool {
        !matches!(self, Self::Json | Self::TextList | Self::NumberList)
    }
}

/// Reads a text, or the text that Better Auth's database driver writes for a number or a boolean.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(JsonText::parse(&value.to_string()).ok()?.as_str().to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads a whole number, or a text that PostgreSQL parses as one.
fn whole(value: &Value) -> Option<i64> {
    match value {
        // As JavaScript prints the number: a whole number has only digits.
        Value::Number(_) => JsonText::parse(&value.to_string()).ok()?.as_str().parse().ok(),
        Value::String(text) => text.trim_matches(is_space).parse().ok(),
        _ => None,
    }
}

/// Reads a boolean, 0 or 1, or a text that PostgreSQL parses as a boolean (`boolin`).
fn truth(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Bool(value) => return Some(*value),
        Value::Number(_) => value.to_string(),
        Value::String(text) => text.trim_matches(is_space).to_ascii_lowercase(),
        _ => return None,
    };
    // A prefix of a word is enough if it is unambiguous; "o" is ambiguous.
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(text.as_str());
    match () {
        () if begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1" => Some(true),
        () if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" => Some(false),
        () => None,
    }
}

/// Whether PostgreSQL skips the character as white space.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// Reads JSON, or a text that contains JSON, as HTML forms send it.
fn json(value: &Value, fits: impl Fn(&Value) -> bool) -> Option<JsonText> {
    let (parsed, text);
    let (value, json) = match value {
        Value::String(given) => {
            parsed = serde_json::from_str(given).ok()?;
            (&parsed, given.as_str())
        }
        value => {
            text = value.to_string();
            (value, text.as_str())
        }
    };
    if fits(value) { JsonText::parse(json).ok() } else { None }
}

fn is_list_of(value: &Value, is_item: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(is_item))
}

/// Reads the date-time format of ECMA-262 (`2026-01-31T12:00:00.000Z` and its shorter forms), also with a
/// space in place of the `T`. A time without an offset is in UTC. Digits beyond milliseconds are cut off.
fn date(text: &str) -> Option<OffsetDateTime> {
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts = day.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    let day = parts.next().map_or(Some(1), |part| digits(part, 2))?;
    if parts.next().is_some() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
    let Some(time) = time else { return Some(date.midnight().assume_utc()) };

    let (time, offset) = match (time.strip_suffix('Z'), time.rfind(['+', '-'])) {
        (Some(time), _) => (time, UtcOffset::UTC),
        (None, Some(at)) => {
            let (time, offset) = time.split_at_checked(at)?;
            let (sign, offset) = offset.split_at_checked(1)?;
            let (hours, minutes) = offset.split_once(':')?;
            let hours = i8::try_from(digits(hours, 2)?).ok()?;
            let minutes = i8::try_from(digits(minutes, 2)?).ok().filter(|minutes| *minutes < 60)?;
            let sign = if sign == "-" { -1 } else { 1 };
            (time, UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?)
        }
        (None, None) => (time, UtcOffset::UTC),
    };
    let mut parts = time.split(':');
    let hour = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let minute = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let (second, fraction) = match parts.next() {
        None => ("00", "0"),
        Some(seconds) => seconds.split_once('.').unwrap_or((seconds, "0")),
    };
    if parts.next().is_some() || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millisecond: u16 = format!("{fraction}00").get(..3)?.parse().ok()?;
    let second = u8::try_from(digits(second, 2)?).ok()?;
    let time = Time::from_hms_milli(hour, minute, second, millisecond).ok()?;
    date.with_time(time).assume_offset(offset).checked_to_offset(UtcOffset::UTC)
}

/// Reads exactly `length` digits.
fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
