//! Time spans as written in the settings: `500ms`, `15s`, `10m`, `1h`, `7d`.

use std::time::Duration;

use auth_core::MaxAge;
use serde::Deserializer;

use super::values::{expected, parsed};

/// A second in milliseconds, the unit in which bounds of spans are given.
pub(crate) const SECOND: u64 = 1_000;
/// A minute, in milliseconds.
pub(crate) const MINUTE: u64 = 60 * SECOND;
/// A day, in milliseconds.
pub(crate) const DAY: u64 = 24 * 60 * MINUTE;

/// Maximum lifetime of a cookie (RFC 6265bis §5.5, 400 days), and so of anything stored in one.
const COOKIE_LIFE: u64 = 400 * DAY;

const SPAN: &str = "a span of time such as \"15s\", \"10m\", \"1h\" or \"7d\"";

/// Reads a span within a range. The bounds are in milliseconds.
pub(crate) fn within<'de, const LEAST: u64, const MOST: u64, D>(deserializer: D) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    let span = parsed(deserializer, SPAN, parse)?;
    if (Duration::from_millis(LEAST)..=Duration::from_millis(MOST)).contains(&span) {
        Ok(span)
    } else {
        Err(expected(format!("a span of time from {} to {}", written(LEAST), written(MOST))))
    }
}

/// Reads a span within a range, in whole seconds.
pub(crate) fn seconds<'de, const LEAST: u64, const MOST: u64, D>(
    deserializer: D,
) -> Result<time::Duration, D::Error>
where
    D: Deserializer<'de>,
{
    let span = within::<LEAST, MOST, D>(deserializer)?;
    Ok(time::Duration::seconds(span.as_secs().cast_signed()))
}

/// Reads a lifetime from `LEAST` milliseconds to 400 days, in whole seconds.
pub(crate) fn life<'de, const LEAST: u64, D>(deserializer: D) -> Result<time::Duration, D::Error>
where
    D: Deserializer<'de>,
{
    seconds::<LEAST, COOKIE_LIFE, D>(deserializer)
}

/// Reads the lifetime of a cookie.
pub(crate) fn max_age<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MaxAge, D::Error> {
    let max_age = life::<SECOND, D>(deserializer)?;
    MaxAge::new(max_age).ok_or_else(|| expected("a span of at most 400 days"))
}

/// Formats milliseconds as a span, in the largest unit that divides them.
fn written(millis: u64) -> String {
    let units = [(DAY, "d"), (60 * MINUTE, "h"), (MINUTE, "m"), (SECOND, "s")];
    match units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None if millis == 0 => "0s".to_owned(),
        None => format!("{millis}ms"),
    }
}

/// Parses a span; `None` for anything except digits followed by one unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let seconds_each = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds_each).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn spans_read_as_written_and_nothing_else_does() {
        let cases = [
            ("0s", Some(Duration::ZERO)),
            ("500ms", Some(Duration::from_millis(500))),
            ("15s", Some(Duration::from_secs(15))),
            ("10m", Some(Duration::from_secs(600))),
            ("1h", Some(Duration::from_secs(3_600))),
            ("7d", Some(Duration::from_secs(604_800))),
            ("", None),
            ("15", None),
            ("s", None),
            ("-1s", None),
            ("+1s", None),
            ("1.5h", None),
            ("1 h", None),
            ("1h30m", None),
            ("1H", None),
            ("1w", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
            ("١s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn bounds_are_written_as_spans_are_read() {
        for text in ["0s", "10ms", "1s", "90s", "10m", "36h", "400d"] {
            let millis = parse(text).unwrap().as_millis();
            assert_eq!(written(u64::try_from(millis).unwrap()), text);
        }
    }
}
