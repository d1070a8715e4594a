//! What a field holds, and which JSON it takes.
//!
//! The reference checks no types: the database reads what it is sent as text, so that `"12"` is a number and
//! `"yes"` is true, which forms depend on. The same is accepted here, before the database is asked. What
//! would change a value's kind is not: lists and objects for text, and other items than the declared in
//! lists.

use serde_json::Value;
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::additional::{FieldValue, JsonText};

/// What an additional field holds (`type` in its declaration).
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
    /// `number`: a whole number of 32 bits.
    Number,
    /// `number` with `bigint`: a whole number of 64 bits.
    BigNumber,
    /// `boolean`.
    Boolean,
    /// `date`: a moment.
    Date,
    /// `json`.
    Json,
    /// `string[]`.
    TextList,
    /// `number[]`.
    NumberList,
}

impl FieldKind {
    /// Longest text or JSON that is taken, in bytes. A request's body is no longer by default; the bound holds
    /// where an operator raised that one (R-76).
    pub const TEXT_MAX: usize = 65_536;

    /// Every kind with the word that declares it; `bigint` is said beside it.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("string", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("date", Self::Date),
        ("json", Self::Json),
        ("string[]", Self::TextList),
        ("number[]", Self::NumberList),
    ];

    /// Gives the word that declares it.
    pub fn word(self) -> &'static str {
        let kind = if self == Self::BigNumber { Self::Number } else { self };
        Self::WORDS.iter().find(|(_, other)| *other == kind).map_or("", |(word, _)| word)
    }

    /// Reads a value as the field's; `None` where it is of another kind. JSON's `null` is [`FieldValue::Null`].
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

    /// Tells whether an index can order its values.
    pub(super) fn is_indexable(self) -> bool {
        !matches!(self, Self::Json | Self::TextList | Self::NumberList)
    }
}

/// Text, or what the reference's driver writes for a number or a truth value.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(JsonText::parse(&value.to_string()).ok()?.as_str().to_owned()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number, or text that PostgreSQL reads as one.
fn whole(value: &Value) -> Option<i64> {
    match value {
        // As JavaScript holds and prints it: digits alone when it is whole.
        Value::Number(_) => JsonText::parse(&value.to_string()).ok()?.as_str().parse().ok(),
        Value::String(text) => text.trim_matches(is_space).parse().ok(),
        _ => None,
    }
}

/// A truth value, 0 or 1, or text that PostgreSQL reads as one (`boolin`).
fn truth(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Bool(value) => return Some(*value),
        Value::Number(_) => value.to_string(),
        Value::String(text) => text.trim_matches(is_space).to_ascii_lowercase(),
        _ => return None,
    };
    // A beginning is enough where it says which word is meant; "o" does not.
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(text.as_str());
    match () {
        () if begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1" => Some(true),
        () if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" => Some(false),
        () => None,
    }
}

/// White space as PostgreSQL skips it.
fn is_space(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// JSON, or text that holds JSON, as forms send it.
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

/// Reads the date-time format of ECMA-262 (`2026-01-31T12:00:00.000Z` and its shorter forms), and a space for
/// the `T`. A time without offset is UTC's. Finer than a millisecond is cut.
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

/// Exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u32> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
