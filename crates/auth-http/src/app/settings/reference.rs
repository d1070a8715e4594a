//! Checks that `docs/CONFIGURATION.md` matches `config/default.toml`. Writes its tables if `UPDATE_DOCS` is
//! set.
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
    let mut prose: Vec<&str> = Vec::new();
    let mut rows = 0;
    for line in toml.lines().chain(["[]"]) {
        if let Some(words) = line.strip_prefix('#') {
            comment = format!("{comment} {}", words.trim());
            prose.push(words.strip_prefix(' ').unwrap_or(words));
        } else if let Some(name) = line.strip_prefix('[') {
            if rows == 0 && !section.is_empty() {
                // A section whose tables the operator names has no keys of its own, only a description and an
                // example.
                let (words, example) = prose.split_at(prose.iter().position(|line| line.is_empty()).unwrap());
                let (words, example) = (words.join(" "), example.join("\n"));
                write!(text, "\n### {section}\n\n{words}\n\n```toml{example}\n```\n").unwrap();
            }
            section = name.trim_end_matches(']');
            (rows, comment) = (0, String::new());
            prose.clear();
        } else if let Some((key, default)) = line.split_once(" = ") {
            assert!(!comment.is_empty(), "{section}.{key} has no comment");
            if rows == 0 {
                write!(text, "\n### {section}\n\n| key | default | |\n|---|---|---|\n").unwrap();
            }
            rows += 1;
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
