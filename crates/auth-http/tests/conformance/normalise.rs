//! Makes two answers comparable byte for byte: what a server generates (ids, tokens, times, signatures)
//! is replaced by a name for it, and its form is checked on the way.
//!
//! Ids and tokens become `<id-3.1>`, `<id-3.2>`, … after the step that shows them first, so that "the session
//! belongs to the user that signed up" is compared too. Where tables keep uuids or numbers, an id of the default form
//! is a `<text-3.1>`, so that it differs. Times become `<now>`, `<now+7d>`, `<now+12h>`, those of other
//! years stay. Cookie caches are opened, see [`crate::cache`].

use std::collections::HashMap;

use auth_core::signed_value;
use auth_store::IdKind;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::cache::{self, Secrets};

/// Letters and digits in an id or a session token of Better Auth.
const ID_LENGTH: usize = 32;
/// How far two times of one answer may lie from the moment the test knows of.
const TOLERANCE: Duration = Duration::seconds(90);
/// No server writes a time as far as this from now of its own accord: it is a client's, and shown as it is.
const FAR_AWAY: Duration = Duration::days(366);
/// `8d8ac610-566d-4ef0-9c22-186b2a5ed793`
const UUID_LENGTH: usize = 36;
/// What stands before the id of a row. Elsewhere a number is a number.
const MEMBERS: [&str; 2] = ["\"id\":\"", "\"userId\":\""];
/// `2026-01-01T00:00:00.000Z`
const TIME_LENGTH: usize = 24;

/// The names given so far in one scenario.
pub(crate) struct Names {
    secrets: Secrets,
    ids: IdKind,
    known: HashMap<String, String>,
    step: usize,
    named: usize,
}

impl Names {
    pub(crate) fn new(secrets: Secrets) -> Self {
        Self { secrets, ids: IdKind::Text, known: HashMap::new(), step: 0, named: 0 }
    }

    /// Expects ids of this kind. Numbers of different tables must differ.
    pub(crate) fn with_ids(self, ids: IdKind) -> Self {
        Self { ids, ..self }
    }

    /// Says that what follows belongs to this step, counted from 1.
    pub(crate) fn begin(&mut self, step: usize) {
        (self.step, self.named) = (step, 0);
    }

    fn name(&mut self, form: &str, value: &str) -> String {
        if let Some(name) = self.known.get(value) {
            return name.clone();
        }
        self.named += 1;
        let name = format!("<{form}-{}.{}>", self.step, self.named);
        self.known.insert(value.to_owned(), name.clone());
        name
    }

    /// The beginning of a member that holds an id, up to its value, and the value: where ids are of another kind than
    /// the default.
    fn member<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        let member =
            MEMBERS.into_iter().find(|member| self.ids != IdKind::Text && text.starts_with(member))?;
        let (member, rest) = text.split_at(member.len());
        rest.split_once('"').map(|(id, _)| (member, id))
    }

    fn id(&mut self, id: &str) -> String {
        let is_of_kind = match self.ids {
            IdKind::Text => false,
            IdKind::Uuid => is_uuid(id),
            IdKind::Serial => is_number(id),
        };
        self.name(if is_of_kind { "id" } else { "text" }, id)
    }

    /// A body or a header value, at the moment `now`.
    pub(crate) fn text(&mut self, text: &str, now: OffsetDateTime) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if let Some(time) = rest.get(..TIME_LENGTH).and_then(parse_time) {
                match (time - now).abs() {
                    away if away > FAR_AWAY => out.push_str(&rest[..TIME_LENGTH]),
                    _ => out.push_str(&relative(time, now)),
                }
                rest = &rest[TIME_LENGTH..];
            } else if word == ID_LENGTH {
                out.push_str(&self.name("id", &rest[..word]));
                rest = &rest[word..];
            } else if let Some((member, id)) = self.member(rest) {
                out.push_str(member);
                out.push_str(&self.id(id));
                rest = &rest[member.len() + id.len()..];
            } else {
                let step = word.max(first.len_utf8());
                out.push_str(&rest[..step]);
                rest = &rest[step..];
            }
        }
        out
    }

    /// The `Set-Cookie` lines of an answer, with its cookie cache opened.
    pub(crate) fn set_cookies(&mut self, lines: &[&str], now: OffsetDateTime) -> Vec<String> {
        let opened = cache::open(lines, &self.secrets, now);
        opened.iter().map(|line| self.set_cookie(line, now)).collect()
    }

    /// A `Set-Cookie` line. A signed value becomes `<name>.<signed>`, but only if the signature is right.
    pub(crate) fn set_cookie(&mut self, line: &str, now: OffsetDateTime) -> String {
        let (pair, attributes) = line.split_once("; ").unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').expect("a cookie has a name");
        let value = self.signed(&percent_decode(value), now);
        format!("{name}={value}; {attributes}")
    }

    /// A text in which the tokens are opened.
    pub(crate) fn opened(&self, text: &str, now: OffsetDateTime) -> String {
        let opened = self.secrets.keys.open_all(text);
        if opened == text { opened } else { cache::numbers(&opened, now) }
    }

    /// A signed text.
    pub(crate) fn signed(&mut self, text: &str, now: OffsetDateTime) -> String {
        match signed_value::verify(text, self.secrets.all.current()) {
            Some(inner) => format!("{}.<signed>", self.text(inner, now)),
            None => self.text(text, now),
        }
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

/// A random uuid as PostgreSQL writes it.
fn is_uuid(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == UUID_LENGTH
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            19 => matches!(byte, b'8' | b'9' | b'a' | b'b'),
            _ => is_digit(byte),
        })
}

/// A number as PostgreSQL counts.
fn is_number(text: &str) -> bool {
    text.parse::<i32>().is_ok_and(|number| number > 0 && number.to_string() == text)
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
