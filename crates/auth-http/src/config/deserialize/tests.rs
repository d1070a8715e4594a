//! Errors of values: each names its key, and none contains the value.
#![allow(clippy::unwrap_used, reason = "tests")]

use ::config::{File, FileFormat, Source};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::*;
use crate::config::SecretText;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outer {
    inner: Inner,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    number: u8,
    switch: Option<bool>,
    list: Vec<String>,
    choice: Choice,
    key: SecretText,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    One,
    Other,
}

const WHOLE: [(&str, &str); 6] = [
    ("number", "7"),
    ("switch", "\"\""),
    ("list", "[\"a\", \"b,c\", \" \"]"),
    ("choice", "\"one\""),
    ("key", "\"\""),
    ("key_file", "\"\""),
];

fn read<T: DeserializeOwned>(toml: &str) -> (Result<T, SettingsError>, Reads) {
    let table = File::from_str(toml, FileFormat::Toml).collect().unwrap();
    let (value, reads) = (Value::new(None, table), Reads::default());
    let node = Node { reads: &reads, key: "top".to_owned(), value: &value, file: None };
    let read = T::deserialize(node).map_err(|failure| failure.at("top").into());
    (read, reads)
}

/// The table, with one entry changed or added. An empty value removes the entry.
fn with(key: &str, value: &str) -> String {
    let mut entries = WHOLE.to_vec();
    entries.retain(|(name, _)| *name != key);
    if !value.is_empty() {
        entries.push((key, value));
    }
    let lines: Vec<_> = entries.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("[inner]\n{}", lines.join("\n"))
}

#[test]
fn values_are_read_as_their_types_have_them() {
    let inner = read::<Outer>(&with("number", "\"7\"")).0.unwrap().inner;
    assert_eq!((inner.number, inner.switch), (7, None));
    assert_eq!(inner.list, ["a", "b", "c"]);
    assert!(matches!(inner.choice, Choice::One));
    assert!(inner.key.text().is_none());
    let inner = read::<Outer>(&with("list", "\"a, b,,c\"")).0.unwrap().inner;
    assert_eq!(inner.list, ["a", "b", "c"]);
    assert_eq!(read::<Outer>(&with("switch", "\"true\"")).0.unwrap().inner.switch, Some(true));
}

#[test]
fn r_110_an_error_names_its_key_and_not_the_value() {
    for (key, value, at, expected) in [
        ("number", "\"canary\"", "number", "a whole number"),
        ("number", "4711", "number", "expected u8"),
        ("number", "[\"canary\"]", "number", "a whole number"),
        ("switch", "\"canary\"", "switch", "true or false"),
        ("list", "[4711]", "list", "a list of texts"),
        ("list", "{ canary = 1 }", "list", "a list of texts"),
        ("choice", "\"canary\"", "choice", "one of \"one\", \"other\""),
        ("choice", "4711", "choice", "one of \"one\", \"other\""),
        ("key", "4711", "key", "a text in quotes"),
        ("key", "", "key", "not set"),
        ("key_file", "\"/nonexistent\"", "key_file", "cannot read the file"),
        ("numbr", "4711", "numbr", "did you mean `top.inner.number`?"),
        ("key_fil", "4711", "key_fil", "no setting of this name"),
    ] {
        let error = read::<Outer>(&with(key, value)).0.unwrap_err();
        assert_eq!(error.key, format!("top.inner.{at}"), "{key} = {value}");
        let text = error.to_string();
        assert!(text.contains(expected), "{key} = {value}: {text}");
        let all = format!("{text} {error:?}");
        assert!(!all.contains("canary") && !all.contains("4711"), "{all}");
    }
    let error = read::<Outer>("inner = \"canary\"").0.unwrap_err();
    assert_eq!((error.key.as_str(), error.to_string().contains("canary")), ("top.inner", false));
}

#[test]
fn r_110_what_a_secret_reads_is_noted_as_one() {
    let (read, reads) = read::<Outer>(&with("key", "\"canary\""));
    assert!(!format!("{:?}", read.unwrap()).contains("canary"));
    assert_eq!(reads.of("top.inner.key"), Some(Read::Secret));
    assert_eq!(reads.of("top.inner.key_file"), Some(Read::Plain));
    assert_eq!(reads.of("top.inner.number"), Some(Read::Plain));
}
