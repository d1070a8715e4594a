//! Holds `docs/CONFIGURATION.md` to `config/default.toml`, and writes its tables where asked to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write;
use std::path::Path;

use super::DEFAULT_TOML;

const MARKER: &str = "<!-- from here on generated -->\n";

/// Writes a table per section of the file: key, default, meaning.
fn tables(toml: &str) -> String {
    let mut text = String::new();
    let mut section = "";
    let mut comment = String::new();
    for line in toml.lines() {
        if let Some(words) = line.strip_prefix('#') {
            comment = format!("{comment} {}", words.trim());
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
            write!(text, "\n### {section}\n\n| key | default | |\n|---|---|---|\n").unwrap();
        } else if let Some((key, default)) = line.split_once(" = ") {
            assert!(!comment.is_empty(), "{section}.{key} has no comment");
            writeln!(text, "| `{section}.{key}` | `{default}` | {} |", comment.trim().replace('|', "\\|"))
                .unwrap();
            comment.clear();
        } else {
            assert!(line.is_empty(), "{line}");
            comment.clear();
        }
    }
    text
}

#[test]
fn the_reference_names_every_key_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIGURATION.md");
    let present = std::fs::read_to_string(&path).unwrap();
    let (prose, generated) = present.split_once(MARKER).unwrap();
    let expected = tables(DEFAULT_TOML);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{prose}{MARKER}{expected}")).unwrap();
    } else {
        assert_eq!(
            generated, expected,
            "docs/CONFIGURATION.md is stale: UPDATE_DOCS=1 cargo test -p auth-http --lib reference"
        );
    }
}

#[test]
fn the_tables_hold_every_key_that_is_read() {
    let tables = tables(DEFAULT_TOML);
    let environment = super::Environment::default()
        .with("BETTER_AUTH_SECRET", "unit-test-secret-Zk3vQ9xT7mB2nR5c")
        .with("BETTER_AUTH_URL", "https://auth.example.com")
        .with("DATABASE_URL", "postgres://nobody@localhost/none");
    for key in super::Settings::load(&environment).unwrap().effective() {
        assert_eq!(tables.matches(&format!("| `{}` |", key.key)).count(), 1, "{}", key.key);
    }
}
