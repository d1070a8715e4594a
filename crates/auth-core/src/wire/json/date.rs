//! Texts that Better Auth treats as dates.

use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Reads `YYYY-MM-DDTHH:MM:SS[.fff…]Z`, truncated to milliseconds; `None` for every other text (Better Auth
/// 1.7.25, `iso8601Regex` in its core's `utils/json`, then JavaScript's `Date`).
///
/// As in V8, every month accepts days up to 31, and extra days run over into the next month. `24:00:00` is
/// the midnight at the end of the day.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let (fixed, rest) = text.as_bytes().split_first_chunk::<19>()?;
    // Every text of a cookie cache is tried, so this check of the form rejects most of them early.
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *fixed
    else {
        return None;
    };
    let milliseconds = match rest {
        [b'Z'] => 0,
        [b'.', fraction @ .., b'Z'] if !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit) => {
            let mut thousandths = fraction.iter().copied().chain([b'0', b'0']);
            number([thousandths.next()?, thousandths.next()?, thousandths.next()?])?
        }
        _ => return None,
    };
    let (year, month, day) = (number([y1, y2, y3, y4])?, number([o1, o2])?, number([d1, d2])?);
    let (hour, minute, second) = (number([h1, h2])?, number([m1, m2])?, number([s1, s2])?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let in_range = (1..=31).contains(&day) && minute < 60 && second < 60;
    let is_midnight = hour == 24 && minute == 0 && second == 0 && milliseconds == 0;
    if !in_range || !(hour < 24 || is_midnight) {
        return None;
    }
    let first = Date::from_calendar_date(i32::from(year), month, 1).ok()?;
    let day = first.checked_add(Duration::days(i64::from(day) - 1 + i64::from(hour / 24)))?;
    let of_day = |number: u16| u8::try_from(number).ok();
    let time =
        Time::from_hms_milli(of_day(hour % 24)?, of_day(minute)?, of_day(second)?, milliseconds).ok()?;
    Some(day.with_time(time).assume_utc())
}

/// Reads a number of exactly `DIGITS` decimal digits.
fn number<const DIGITS: usize>(digits: [u8; DIGITS]) -> Option<u16> {
    digits
        .into_iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn texts_of_the_pattern_are_dates() {
        let cases = [
            ("2030-01-15T12:34:56.789Z", datetime!(2030-01-15 12:34:56.789 UTC)),
            ("2030-01-15T12:34:56Z", datetime!(2030-01-15 12:34:56 UTC)),
            ("2030-01-15T12:34:56.7Z", datetime!(2030-01-15 12:34:56.7 UTC)),
            ("2030-01-15T12:34:56.789999Z", datetime!(2030-01-15 12:34:56.789 UTC)),
            ("2030-02-30T00:00:00Z", datetime!(2030-03-02 0:00 UTC)),
            ("2030-12-31T24:00:00Z", datetime!(2031-01-01 0:00 UTC)),
            ("0000-01-01T00:00:00.000Z", datetime!(0000-01-01 0:00 UTC)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not() {
        for text in [
            "",
            "2030-01-15",
            "2030-01-15T12:34:56",
            "2030-01-15T12:34:56.Z",
            "2030-01-15T12:34:56.1.2Z",
            "2030-01-15T12:34:56+00:00",
            "2030-01-15T12:34:56.000+00:00",
            "2030-01-15t12:34:56z",
            "2030-01-15T12:34Z",
            "2030-1-15T12:34:56Z",
            "+02030-01-15T12:34:56Z",
            " 2030-01-15T12:34:56Z",
            "2030-01-15T12:34:56Z\n",
            "2030-13-15T12:34:56Z",
            "2030-00-15T12:34:56Z",
            "2030-01-00T12:34:56Z",
            "2030-01-32T12:34:56Z",
            "2030-01-15T24:00:01Z",
            "2030-01-15T25:00:00Z",
            "2030-01-15T12:60:00Z",
            "2030-01-15T12:34:60Z",
            "2030-01-15T12:34:56.७Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
