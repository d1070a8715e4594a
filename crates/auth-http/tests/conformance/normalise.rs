//! Makes two answers comparable byte for byte: what a server generates (ids, tokens, times, signatures)
//! is replaced by a name for it, and its form is checked on the way.
//!
//! Ids and tokens become `<id-1>`, `<id-2>`, … in the order they appear within one scenario, so that "the
//! session belongs to the user that signed up" is compared too. Times become `<now>`, `<now+7d>`, `<now+12h>`.

use std::collections::HashMap;

use auth_core::{SigningSecret, signed_value};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Letters and digits in an id or a session token of Better Auth.
const ID_LENGTH: usize = 32;
/// How far two times of one answer may lie from the moment the test knows of.
const TOLERANCE: Duration = Duration::seconds(90);
/// `2026-01-01T00:00:00.000Z`
const TIME_LENGTH: usize = 24;

/// The names given so far in one scenario.
pub(crate) struct Names {
    secret: SigningSecret,
    known: HashMap<String, String>,
}

impl Names {
    pub(crate) fn new(secret: &str) -> Self {
        Self { secret: SigningSecret::parse(secret).expect("a usable secret"), known: HashMap::new() }
    }

    fn name(&mut self, value: &str) -> String {
        let next = self.known.len() + 1;
        self.known.entry(value.to_owned()).or_insert_with(|| format!("<id-{next}>")).clone()
    }

    /// A body or a header value, at the moment `now`.
    pub(crate) fn text(&mut self, text: &str, now: OffsetDateTime) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if let Some(time) = rest.get(..TIME_LENGTH).and_then(parse_time) {
                out.push_str(&relative(time, now));
                rest = &rest[TIME_LENGTH..];
            } else if word == ID_LENGTH {
                out.push_str(&self.name(&rest[..word]));
                rest = &rest[word..];
            } else {
                let step = word.max(first.len_utf8());
                out.push_str(&rest[..step]);
                rest = &rest[step..];
            }
        }
        out
    }

    /// A `Set-Cookie` line. A signed value becomes `<name>.<signed>`, but only if the signature is right.
    pub(crate) fn set_cookie(&mut self, line: &str, now: OffsetDateTime) -> String {
        let (pair, attributes) = line.split_once("; ").unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let value = percent_decode(value);
        let value = match signed_value::verify(&value, &self.secret) {
            Some(inner) => format!("{}.<signed>", self.text(inner, now)),
            None => value,
        };
        format!("{name}={value}; {attributes}")
    }
}

/// `%XX` of a cookie value, undone. Only what `encodeURIComponent` writes is expected here.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).expect("UTF-8 under the percent signs")
}

/// Better Auth's one form of a time: UTC, three digits of milliseconds, `Z`.
fn parse_time(text: &str) -> Option<OffsetDateTime> {
    let bytes = text.as_bytes();
    (bytes.get(19) == Some(&b'.') && bytes.get(23) == Some(&b'Z'))
        .then(|| OffsetDateTime::parse(text, &Rfc3339).ok())
        .flatten()
}

fn relative(time: OffsetDateTime, now: OffsetDateTime) -> String {
    let away = time - now;
    let hours = (away.as_seconds_f64() / Duration::HOUR.as_seconds_f64()).round() as i64;
    if (away - Duration::hours(hours)).abs() > TOLERANCE {
        // An honest name for a time nobody declared: it never equals the other side's by chance.
        return format!("<{}s from now>", away.whole_seconds());
    }
    match hours {
        0 => "<now>".to_owned(),
        hours if hours % 24 == 0 => format!("<now{:+}d>", hours / 24),
        hours => format!("<now{hours:+}h>"),
    }
}
