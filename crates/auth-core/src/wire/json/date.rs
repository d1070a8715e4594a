//! Texts that the reference takes for dates.

use time::{Date, Duration, Month, OffsetDateTime, Time};

/// Reads `YYYY-MM-DDTHH:MM:SS[.fff…]Z`, cut down to milliseconds; `None` for every other text (Better Auth
/// 1.7.25, `iso8601Regex` in its core's `utils/json`, then JavaScript's `Date`).
///
/// As in V8, a day up to 31 is taken for every month and runs over into the next one, and `24:00:00` is
/// midnight.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_once('T')?;
    let (time, fraction) = match rest.strip_suffix('Z')?.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (rest.strip_suffix('Z')?, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let milliseconds = match fraction {
        None => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            let thousandths: String = digits.chars().chain("00".chars()).take(3).collect();
            thousandths.parse::<i64>().ok()?
        }
        Some(_) => return None,
    };
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let in_range = (1..=31).contains(&day) && minute < 60 && second < 60;
    let is_midnight = hour == 24 && minute == 0 && second == 0 && milliseconds == 0;
    if !in_range || !(hour < 24 || is_midnight) {
        return None;
    }
    let start = Date::from_calendar_date(i32::from(year), month, 1).ok()?.with_time(Time::MIDNIGHT);
    start
        .assume_utc()
        .checked_add(Duration::days(i64::from(day) - 1))?
        .checked_add(Duration::hours(i64::from(hour)))?
        .checked_add(Duration::minutes(i64::from(minute)))?
        .checked_add(Duration::seconds(i64::from(second)))?
        .checked_add(Duration::milliseconds(milliseconds))
}

/// Reads three numbers of so many digits each with a separator between them.
fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length)?;
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
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
