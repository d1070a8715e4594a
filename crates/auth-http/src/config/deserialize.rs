//! The serde deserializer for the tree of settings.
//!
//! [`Failure`] keeps only the expected type from serde's errors, never the value. Each value is read through
//! a [`Node`], which knows its key, so that an error names its key at any depth.

use std::fmt::Display;

use ::config::{Map, Value, ValueKind};
use auth_core::Secret;
use serde::de::value::SeqDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::error::{Problem, SettingsError};
use super::names::nearest;
use super::reads::{Read, Reads};
use super::secret;
use super::tree::is_empty;

/// Why a value cannot be read as its type.
#[derive(Debug)]
pub(super) struct Failure {
    place: Place,
    problem: Problem,
}

#[derive(Debug)]
enum Place {
    /// At the value that is being read.
    Here,
    /// At a key of the table that is being read.
    Below(String),
    /// At this key.
    Key(String),
}

impl Failure {
    fn new(problem: Problem) -> Self {
        Self { place: Place::Here, problem }
    }

    fn expected(expected: impl Display) -> Self {
        Self::new(Problem::Expected { expected: expected.to_string() })
    }

    /// Sets the key at which the failure arose, unless it is set already.
    pub(super) fn at(mut self, key: &str) -> Self {
        self.place = match self.place {
            Place::Here => Place::Key(key.to_owned()),
            Place::Below(name) => {
                if let Problem::Unknown { nearest: Some(nearest) } = &mut self.problem {
                    *nearest = format!("{key}.{nearest}");
                }
                Place::Key(format!("{key}.{name}"))
            }
            known @ Place::Key(_) => known,
        };
        self
    }
}

impl From<Failure> for SettingsError {
    fn from(failure: Failure) -> Self {
        let key = match failure.place {
            Place::Here => String::new(),
            Place::Below(key) | Place::Key(key) => key,
        };
        Self::new(key, failure.problem)
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    fn custom<T: Display>(text: T) -> Self {
        Self::new(Problem::Refused { text: text.to_string() })
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        Self::expected(one_of(words.iter().copied()))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let nearest = nearest(name, known.iter().copied()).map(str::to_owned);
        Self { place: Place::Below(name.to_owned()), problem: Problem::Unknown { nearest } }
    }

    fn missing_field(name: &'static str) -> Self {
        let problem = Problem::Missing { way_out: "it has no default" };
        Self { place: Place::Below(name.to_owned()), problem }
    }
}

/// Lists the accepted words.
pub(super) fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    format!("one of {}", words.map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", "))
}

/// A value of the tree, and its key.
#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) reads: &'t Reads,
    pub(super) key: String,
    pub(super) value: &'t Value,
    /// The value of `<key>_file`: the path of a file that may contain the secret.
    pub(super) file: Option<&'t Value>,
}

impl<'t> Node<'t> {
    /// Returns the value, and records that it was read as a type that may be shown.
    fn plain(&self) -> &'t ValueKind {
        self.reads.note(&self.key, Read::Plain);
        &self.value.kind
    }

    fn file_key(&self) -> String {
        format!("{}_file", self.key)
    }

    /// Returns the key whose value is used: this one, or that of the file if this value is empty.
    fn holder(&self) -> String {
        let is_in_file = is_empty(self.value) && self.file.is_some_and(|file| !is_empty(file));
        if is_in_file { self.file_key() } else { self.key.clone() }
    }

    fn entries(self, table: &'t Map<String, Value>, fields: &'static [&'static str]) -> Entries<'t> {
        let entries: Vec<_> = table.iter().map(|(name, value)| (name.as_str(), value)).collect();
        Entries { reads: self.reads, path: self.key, table, fields, entries: entries.into_iter(), next: None }
    }

    fn whole_number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok());
        match self.plain() {
            ValueKind::I64(number) => visitor.visit_i64(*number),
            ValueKind::U64(number) => visitor.visit_u64(*number),
            ValueKind::String(text) => match digits(text).flatten() {
                Some(number) => visitor.visit_u64(number),
                None => Err(Failure::expected("a whole number")),
            },
            _ => Err(Failure::expected("a whole number")),
        }
    }

    /// Passes the visitor the secret from the value or the file, with the key that holds it.
    fn secret<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.reads.note(&self.key, Read::Secret);
        let file_key = self.file_key();
        let path = match self.file {
            Some(path) => {
                self.reads.note(&file_key, Read::Plain);
                text_or_none(path).map_err(|failure| failure.at(&file_key))?
            }
            None => None,
        };
        match (text_or_none(self.value).map_err(|failure| failure.at(&self.key))?, path) {
            (None, None) => visitor.visit_none(),
            (Some(text), None) => visitor.visit_seq(held(&self.key, text)),
            (Some(_), Some(_)) => Err(Failure::new(Problem::Conflict { other: file_key }).at(&self.key)),
            (None, Some(path)) => {
                let content = std::fs::read_to_string(path).map(Secret::new).map_err(|cause| {
                    Failure::new(Problem::Unreadable { path: path.to_owned(), cause }).at(&file_key)
                })?;
                let text = content.expose();
                let text = text.strip_suffix('\n').map_or(text.as_str(), |text| {
                    // A file written on Windows ends in `\r\n`.
                    text.strip_suffix('\r').unwrap_or(text)
                });
                if text.is_empty() {
                    return Err(Failure::expected("a file that is not empty").at(&file_key));
                }
                visitor.visit_seq(held(&file_key, text))
            }
        }
    }
}

/// A secret's text, with the key that holds it.
fn held<'a>(key: &'a str, text: &'a str) -> SeqDeserializer<std::array::IntoIter<&'a str, 2>, Failure> {
    SeqDeserializer::new([key, text].into_iter())
}

fn text_or_none(value: &Value) -> Result<Option<&str>, Failure> {
    match &value.kind {
        ValueKind::String(text) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        _ => Err(Failure::expected(TEXT)),
    }
}

const TEXT: &str = "a text in quotes";
const TEXTS: &str = "a list of texts";

/// Splits a list into its items: an array, or one text with commas. Blank items are dropped.
fn items(kind: &ValueKind) -> Result<Vec<&str>, Failure> {
    let texts = match kind {
        ValueKind::String(text) => vec![text.as_str()],
        ValueKind::Array(items) => items
            .iter()
            .map(|item| match &item.kind {
                ValueKind::String(text) => Ok(text.as_str()),
                _ => Err(Failure::expected(TEXTS)),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(Failure::expected(TEXTS)),
    };
    let items = texts.into_iter().flat_map(|text| text.split(',')).map(str::trim);
    Ok(items.filter(|item| !item.is_empty()).collect())
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.plain() {
            ValueKind::Nil => visitor.visit_unit(),
            ValueKind::Boolean(on) => visitor.visit_bool(*on),
            ValueKind::I64(number) => visitor.visit_i64(*number),
            ValueKind::I128(number) => visitor.visit_i128(*number),
            ValueKind::U64(number) => visitor.visit_u64(*number),
            ValueKind::U128(number) => visitor.visit_u128(*number),
            ValueKind::Float(number) => visitor.visit_f64(*number),
            ValueKind::String(text) => visitor.visit_str(text),
            ValueKind::Array(items) => {
                let (reads, key) = (self.reads, self.key);
                let node = |value| Node { reads, key: key.clone(), value, file: None };
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(node)))
            }
            ValueKind::Table(table) => visitor.visit_map(self.entries(table, &[])),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.plain() {
            ValueKind::Boolean(on) => visitor.visit_bool(*on),
            ValueKind::String(text) if text == "true" => visitor.visit_bool(true),
            ValueKind::String(text) if text == "false" => visitor.visit_bool(false),
            _ => Err(Failure::expected("true or false")),
        }
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.whole_number(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.whole_number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.whole_number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.whole_number(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.plain() {
            ValueKind::String(text) => visitor.visit_str(text),
            _ => Err(Failure::expected(TEXT)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_str(visitor)
    }

    /// An empty text means `None`, because `default.toml` names every key and TOML has no null.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match &self.value.kind {
            ValueKind::String(text) if text.is_empty() && self.file.is_none() => {
                self.plain();
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    /// A newtype is read as its inner type, except for [`SecretText`](super::SecretText).
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        if name == secret::MARK { self.secret(visitor) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(SeqDeserializer::new(items(self.plain())?.into_iter()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match &self.value.kind {
            ValueKind::Table(table) => visitor.visit_map(self.entries(table, fields)),
            _ => Err(Failure::expected(&visitor as &dyn Expected)),
        }
    }

    /// One of a few words; `true` and `false` are words too.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let word = match self.plain() {
            ValueKind::String(text) => text.as_str(),
            ValueKind::Boolean(true) => "true",
            ValueKind::Boolean(false) => "false",
            _ => return Err(Failure::expected(one_of(words.iter().copied()))),
        };
        let word: de::value::StrDeserializer<'_, Failure> = word.into_deserializer();
        visitor.visit_enum(word)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Failure> for Node<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The entries of a table, read one after the other.
struct Entries<'t> {
    reads: &'t Reads,
    path: String,
    table: &'t Map<String, Value>,
    /// The fields of the type; empty for a table whose keys the operator chooses.
    fields: &'static [&'static str],
    entries: std::vec::IntoIter<(&'t str, &'t Value)>,
    next: Option<(&'t str, &'t Value)>,
}

impl Entries<'_> {
    /// Whether a key names the file of a secret. Such a key is read together with the secret's own key.
    fn is_partner(&self, name: &str) -> bool {
        let is_field = |name| self.fields.contains(&name);
        !is_field(name) && name.strip_suffix("_file").is_some_and(is_field)
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        loop {
            self.next = self.entries.next();
            match self.next {
                None => return Ok(None),
                Some((name, _)) if self.is_partner(name) => {}
                Some((name, _)) => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let Some((name, value)) = self.next.take() else { return Err(Failure::expected("a value")) };
        let partner = format!("{name}_file");
        let file = self.table.get(&partner).filter(|_| self.is_partner(&partner));
        let node = Node { reads: self.reads, key: format!("{}.{name}", self.path), value, file };
        let holder = node.holder();
        seed.deserialize(node).map_err(|failure| failure.at(&holder))
    }
}

#[cfg(test)]
mod tests;
