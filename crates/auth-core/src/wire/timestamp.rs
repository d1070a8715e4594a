//! Points in time on the wire: `YYYY-MM-DDTHH:MM:SS.mmmZ`, always with three digits of milliseconds and `Z`.

use std::fmt;

use serde::{Serialize, Serializer};
use time::{OffsetDateTime, UtcOffset};

/// Prints a time as JavaScript's `toISOString` does for the years 0 to 9999.
///
/// ```
/// use auth_core::wire::Timestamp;
/// use time::macros::datetime;
///
/// let at = datetime!(2030-01-15 13:00 +01:00);
/// assert_eq!(Timestamp(at).to_string(), "2030-01-15T12:00:00.000Z");
/// assert_eq!(serde_json::to_string(&Timestamp(at))?, r#""2030-01-15T12:00:00.000Z""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub OffsetDateTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text() {
            Some(text) => f.write_str(&String::from_utf8_lossy(&text)),
            None => self.write_any_year(f),
        }
    }
}

impl Timestamp {
    /// Returns the text of a time in the years 0 to 9999; `None` for other years. A session answer contains
    /// six of them. Formatting each with `write!` took a third of the time of a read from the cookie cache.
    pub(crate) fn text(self) -> Option<[u8; 24]> {
        let at = self.0.to_offset(UtcOffset::UTC);
        let year = u16::try_from(at.year()).ok().filter(|year| *year <= 9999)?;
        let [y1, y2, y3, y4] = digits(year);
        let two = |number: u8| {
            let [_, _, tens, ones] = digits(u16::from(number));
            [tens, ones]
        };
        let ([o1, o2], [d1, d2]) = (two(u8::from(at.month())), two(at.day()));
        let ([h1, h2], [m1, m2], [s1, s2]) = (two(at.hour()), two(at.minute()), two(at.second()));
        let [_, f1, f2, f3] = digits(at.millisecond());
        Some([
            y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1,
            f2, f3, b'Z',
        ])
    }

    fn write_any_year(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0.to_offset(UtcOffset::UTC);
        let (month, day) = (u8::from(at.month()), at.day());
        let (hour, minute, second) = at.to_hms();
        let (year, millisecond) = (at.year(), at.millisecond());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    }
}

/// Returns the last four decimal digits of a number.
fn digits(number: u16) -> [u8; 4] {
    let digit = |of: u16| b'0' + u8::try_from(of % 10).unwrap_or_default();
    [digit(number / 1000), digit(number / 100), digit(number / 10), digit(number)]
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Truncates a time to whole milliseconds. Every stored time is truncated: with finer times, Better Auth's
/// signed cookie cache and its date comparisons would give wrong results (Better Auth core §12.2).
///
/// ```
/// use auth_core::wire::{Timestamp, to_milliseconds};
/// use time::macros::datetime;
///
/// let now = datetime!(2030-01-15 12:00:00.123_456_789 UTC);
/// assert_eq!(to_milliseconds(now), datetime!(2030-01-15 12:00:00.123 UTC));
/// assert_eq!(Timestamp(now).to_string(), Timestamp(to_milliseconds(now)).to_string());
/// ```
pub fn to_milliseconds(at: OffsetDateTime) -> OffsetDateTime {
    at.truncate_to_millisecond()
}

/// Returns the milliseconds since 1970, as JavaScript's `Date.now()` does.
///
/// ```
/// use auth_core::wire::unix_milliseconds;
/// use time::macros::datetime;
///
/// assert_eq!(unix_milliseconds(datetime!(2030-01-15 12:00:00.123_456 UTC)), 1_894_708_800_123);
/// assert_eq!(unix_milliseconds(datetime!(1969-12-31 23:59:59.999 UTC)), -1);
/// ```
pub fn unix_milliseconds(at: OffsetDateTime) -> i64 {
    at.unix_timestamp().saturating_mul(1_000).saturating_add(i64::from(at.millisecond()))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn three_digits_and_z_whatever_the_offset_and_precision() {
        let cases = [
            (datetime!(2026-01-01 0:00 UTC), "2026-01-01T00:00:00.000Z"),
            (datetime!(2026-01-01 0:00:00.0079 UTC), "2026-01-01T00:00:00.007Z"),
            (datetime!(2026-01-01 1:30 +02:00), "2025-12-31T23:30:00.000Z"),
            (datetime!(0000-01-01 0:00 UTC), "0000-01-01T00:00:00.000Z"),
            (datetime!(9999-12-31 23:59:59.999_999 UTC), "9999-12-31T23:59:59.999Z"),
            (datetime!(-0044-03-15 12:00 UTC), "-044-03-15T12:00:00.000Z"),
        ];
        for (at, expected) in cases {
            assert_eq!(Timestamp(at).to_string(), expected);
        }
    }
}
