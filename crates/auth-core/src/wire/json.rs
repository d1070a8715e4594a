//! JSON byte for byte as Better Auth reads and writes it.
//!
//! A compact cookie cache is signed over the text that `JSON.stringify` returns for the result of
//! `JSON.parse`, and JSON columns are stored in that form. Both steps must therefore be reproduced exactly.
//! serde_json handles texts and escapes in the same way as JavaScript. This module handles the differences:
//! numbers, the order of members, duplicate members, and texts that look like dates.

mod date;
mod value;

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

pub(crate) use date::parse as parse_date;
pub(crate) use value::Json;

/// Writes a value as `JSON.stringify` does: no spaces, members in the order of the type, numbers as
/// JavaScript prints them.
///
/// # Errors
///
/// The serializer's error if the value has no JSON form.
pub(crate) fn to_string(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut bytes = Vec::with_capacity(512);
    value.serialize(&mut Serializer::with_formatter(&mut bytes, Numbers))?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Prints floating-point numbers as `Number.prototype.toString` does, and everything else as serde_json does.
struct Numbers;

impl Formatter for Numbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        /// 2^53: a double holds every whole number below it exactly.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "compared with the bounds first")]
            return write!(writer, "{}", value as i64);
        }
        writer.write_all(number(value).as_bytes())
    }
}

/// Prints a finite number (ECMA-262, `Number::toString` with radix 10): the shortest digits that parse to the
/// same number, with an exponent from 10^21 upwards and below 10^-6.
fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // The number of digits before the decimal point.
    let point = exponent.parse::<i32>().unwrap_or_default() + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let split = |at: i32| digits.split_at(usize::try_from(at).unwrap_or_default());
    let unsigned = match point {
        point if (count..=21).contains(&point) => format!("{digits}{}", zeros(point - count)),
        1..=21 => {
            let (whole, fraction) = split(point);
            format!("{whole}.{fraction}")
        }
        -5..=0 => format!("0.{}{digits}", zeros(-point)),
        _ => {
            let (first, rest) = split(1);
            let dot = if rest.is_empty() { "" } else { "." };
            format!("{first}{dot}{rest}e{:+}", point - 1)
        }
    };
    if value.is_sign_negative() { format!("-{unsigned}") } else { unsigned }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn numbers_print_as_in_javascript() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1_894_710_896_789.0, "1894710896789"),
            (123_456.789, "123456.789"),
            (0.000_001, "0.000001"),
            (0.000_000_1, "1e-7"),
            (-0.000_000_123, "-1.23e-7"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (-9_007_199_254_740_991.0, "-9007199254740991"),
            (9_007_199_254_740_993.0, "9007199254740992"),
            (100_000_000_000_000_000_000.0, "100000000000000000000"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ];
        for (value, expected) in cases {
            assert_eq!(number(value), expected);
            assert_eq!(to_string(&value).unwrap(), expected);
        }
    }

    #[test]
    fn texts_are_escaped_as_in_javascript() {
        let text = "\u{8}\u{c}\n\r\t\"\\ / \u{0}\u{7}\u{1f}\u{7f} é ✓ 🔐 \u{2028}";
        let expected = "\"\\b\\f\\n\\r\\t\\\"\\\\ / \\u0000\\u0007\\u001f\u{7f} é ✓ 🔐 \u{2028}\"";
        assert_eq!(to_string(&text).unwrap(), expected);
    }
}
