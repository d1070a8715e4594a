//! `NumericDate` of RFC 7519 §2: seconds since 1970 as a JSON number, read with range checks.

use serde_json::Value;
use time::{Duration, OffsetDateTime};

/// The latest accepted second: 9999-12-31T23:59:59Z, the last one that can be printed as a date.
const LATEST: i64 = 253_402_300_799;

/// Reads a JSON number, with or without fraction, as a time from 1970 to 9999.
///
/// `None` for every other type, for negative numbers, and for numbers beyond the range. The range is checked
/// before the conversion to a date, so no number causes a panic.
pub(crate) fn read(value: &Value) -> Option<OffsetDateTime> {
    let Value::Number(number) = value else {
        return None;
    };
    if let Some(seconds) = number.as_i64() {
        return (0..=LATEST).contains(&seconds).then(|| from_seconds(seconds))?;
    }
    read_double(number.as_f64()?)
}

/// Reads a number that was parsed as a double, with the rules of [`read`].
pub(crate) fn read_double(seconds: f64) -> Option<OffsetDateTime> {
    // The comparison is false for NaN and the infinities, which JSON numbers cannot express anyway.
    #[expect(clippy::cast_precision_loss, reason = "LATEST is far below 2^53")]
    let in_range = (0.0..=LATEST as f64).contains(&seconds);
    if !in_range {
        return None;
    }
    OffsetDateTime::UNIX_EPOCH.checked_add(Duration::checked_seconds_f64(seconds)?)
}

/// Returns the whole seconds from 1970 to a time.
pub(crate) fn seconds(at: OffsetDateTime) -> i64 {
    at.unix_timestamp()
}

/// Truncates a time to whole seconds.
pub(crate) fn to_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_second()
}

fn from_seconds(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use time::macros::datetime;

    use super::*;

    fn check(json: &str, expected: Option<OffsetDateTime>) {
        // The JSON parser itself refuses numbers that do not fit a double.
        let value: Option<Value> = serde_json::from_str(json).ok();
        assert_eq!(value.as_ref().and_then(read), expected, "{json}");
        let double = value.as_ref().and_then(Value::as_f64);
        assert_eq!(double.and_then(read_double), expected, "{json} as a double");
    }

    #[test]
    fn r_006_numbers_in_range_are_read_to_the_nanosecond() {
        check("0", Some(OffsetDateTime::UNIX_EPOCH));
        check("0.5", Some(datetime!(1970-01-01 0:00:00.5 UTC)));
        check("1e3", Some(datetime!(1970-01-01 0:16:40 UTC)));
        check("1894710896", Some(datetime!(2030-01-15 12:34:56 UTC)));
        check("1894710896.25", Some(datetime!(2030-01-15 12:34:56.25 UTC)));
        check("253402300799", Some(datetime!(9999-12-31 23:59:59 UTC)));
        check("-0", Some(OffsetDateTime::UNIX_EPOCH));
        check("5e-324", Some(OffsetDateTime::UNIX_EPOCH));
    }

    #[test]
    fn r_006_numbers_out_of_range_are_refused_without_panic() {
        for json in [
            "-1",
            "-0.001",
            "-9223372036854775808",
            "253402300799.5",
            "253402300800",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1e18",
            "1e19",
            "1e308",
            "-1e308",
            "1e400",
        ] {
            check(json, None);
        }
    }

    #[test]
    fn r_006_every_power_of_two_and_its_neighbours_is_read_without_panic() {
        for exponent in 0..64 {
            for offset in [-1_i128, 0, 1] {
                let number = (1_i128 << exponent) + offset;
                for text in [number.to_string(), format!("-{number}"), format!("{number}.5")] {
                    let expected_ok = (0..=i128::from(LATEST)).contains(&number) && !text.starts_with('-');
                    let read = serde_json::from_str(&text).ok().and_then(|value| read(&value));
                    assert!(expected_ok || read.is_none() || number == 0, "{text}");
                }
            }
        }
    }

    #[test]
    fn r_005_other_types_are_no_dates() {
        for json in ["null", "true", "\"1894710896\"", "[1894710896]", "{}", "{\"$numberLong\":\"1\"}"] {
            check(json, None);
        }
    }
}
