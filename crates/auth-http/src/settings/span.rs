//! Spans of time as people write them: `500ms`, `15s`, `10m`, `1h`, `7d`.

use std::time::Duration;

use super::error::SettingsError;
use super::reader::Reader;

/// The longest life of a cookie (RFC 6265bis §5.5, 400 days), and so of anything that one carries, in
/// seconds.
const COOKIE_LIFE: u64 = 400 * 24 * 60 * 60;

/// Reads the span of a life, from `least` seconds to 400 days, in whole seconds.
pub(super) fn long(reader: &Reader, key: &str, least: u64) -> Result<time::Duration, SettingsError> {
    let span = reader.span(key, Duration::from_secs(least)..=Duration::from_secs(COOKIE_LIFE))?;
    Ok(time::Duration::seconds(span.as_secs().cast_signed()))
}

/// Reads a span; `None` for anything but digits and one unit.
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
}
