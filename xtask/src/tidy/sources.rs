//! Checks of Rust sources: file headers, file names, ignored tests, formatted SQL, compared secrets.

use super::{Files, Finding};

/// File names that do not describe the content.
const FORBIDDEN_NAMES: [&str; 6] = ["common.rs", "helpers.rs", "misc.rs", "mod.rs", "shared.rs", "utils.rs"];

/// Files that may format names into SQL text, with the reason. PostgreSQL can bind values but not names.
const FORMATS_SQL: [(&str, &str); 9] = [
    ("crates/auth-store/src/gates.rs", "the name of the users' table, an identifier of the settings"),
    ("crates/auth-store/src/migrations/change.rs", "the declared tables, which are constants"),
    (
        "crates/auth-store/src/migrations/fields.rs",
        "columns of declared fields, whose names are identifiers by their type",
    ),
    (
        "crates/auth-store/src/migrations/live.rs",
        "which tables count, a constant, and table names of the migrations",
    ),
    ("crates/auth-store/src/migrations/run.rs", "the declared tables, which are constants"),
    ("crates/auth-store/src/migrations/schema_check.rs", "repairs that are printed and never run"),
    ("crates/auth-store/src/pool.rs", "SET with limits that are numbers of the settings"),
    ("crates/auth-store/src/pooler.rs", "a marker in hexadecimal digits made there"),
    ("crates/auth-store/src/testing.rs", "CREATE and DROP DATABASE with names made there"),
];

/// Folder of the checks themselves, whose tests contain forbidden code as examples.
const OWN: &str = "xtask/src/tidy";

/// Calls that send SQL text to the database without binding values.
const RAW_SQL_CALLS: [&str; 4] = ["sql_query(", "batch_execute(", "simple_query(", "dsl::sql::<"];

/// First words of SQL statements.
const STATEMENTS: [&str; 17] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE ",
    "CREATE ",
    "DROP ",
    "ALTER ",
    "TRUNCATE ",
    "GRANT ",
    "REVOKE ",
    "COPY ",
    "SET ",
    "LOCK ",
    "WITH ",
    "select ",
    "insert into ",
    "delete from ",
];

pub(super) fn check(files: &Files) -> Vec<Finding> {
    files.ending(".rs").flat_map(|(file, text)| check_file(file, text)).collect()
}

fn check_file(file: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: Option<usize>, message: &str| {
        findings.push(Finding { file: file.to_owned(), line, message: message.to_owned() });
    };
    if !text.starts_with("//!") {
        find(Some(1), "starts without `//!`: say what the file holds");
    }
    let name = file.rsplit('/').next().unwrap_or(file);
    if FORBIDDEN_NAMES.contains(&name) {
        find(None, "is named after nothing: name it after the type or rule it holds");
    }
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("#[ignore") {
            find(Some(index + 1), "a skipped test: make it run or remove it");
        }
    }
    if file.starts_with(OWN) || is_test_file(file) {
        return findings;
    }
    let production = text.split("#[cfg(test)]").next().unwrap_or(text);
    for (line, statement) in statements(production) {
        if statement.contains(".expose()") && (statement.contains("==") || statement.contains("!=")) {
            find(Some(line), "compares a secret with `==`: use the constant-time comparison (rule R-12)");
        }
    }
    if !FORMATS_SQL.iter().any(|(allowed, _)| *allowed == file) {
        for line in formatted_sql(production) {
            find(Some(line), "formats text into SQL: bind the value (rule R-104)");
        }
    }
    findings
}

fn is_test_file(file: &str) -> bool {
    file.contains("/tests/") || file.ends_with("/tests.rs") || file.contains("/examples/")
}

/// Pieces of code between semicolons and braces, without comments, and the line on which each ends.
fn statements(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut current = String::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for piece in code.split_inclusive([';', '{', '}']) {
            current.push_str(piece);
            if piece.ends_with([';', '{', '}']) {
                found.push((index + 1, std::mem::take(&mut current)));
            }
        }
        current.push(' ');
    }
    found
}

/// Line numbers at which text is formatted or concatenated into SQL.
fn formatted_sql(text: &str) -> Vec<usize> {
    let line_of = |position: usize| text.get(..position).map_or(1, |before| before.matches('\n').count() + 1);
    let mut lines = Vec::new();
    for (position, _) in text.match_indices("format!(") {
        let rest = text.get(position + "format!(".len()..).unwrap_or_default();
        let literal = rest.trim_start().trim_start_matches(['r', '#']).trim_start_matches('"').trim_start();
        if STATEMENTS.iter().any(|statement| literal.starts_with(statement)) {
            lines.push(line_of(position));
        }
    }
    for call in RAW_SQL_CALLS {
        for (position, _) in text.match_indices(call) {
            let arguments = in_brackets(text.get(position..).unwrap_or_default());
            if ["format!(", "concat(", "push_str(", " + "].iter().any(|joining| arguments.contains(joining)) {
                lines.push(line_of(position));
            }
        }
    }
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// The text up to the bracket that closes the first opening bracket.
fn in_brackets(text: &str) -> &str {
    let mut depth = 0_u32;
    for (position, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return text.get(..position).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(file: &str, text: &str) -> Vec<String> {
        check_file(file, text).iter().map(ToString::to_string).collect()
    }

    fn finds(text: &str, expected: &str) {
        let found = messages("crates/auth-store/src/user.rs", &format!("//! Users.\n{text}"));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found.iter().all(|message| message.contains(expected)), "{found:?}");
    }

    fn passes(text: &str) {
        let found = messages("crates/auth-store/src/user.rs", &format!("//! Users.\n{text}"));
        assert!(found.is_empty(), "{text}: {found:?}");
    }

    #[test]
    fn headers_and_names_are_checked() {
        assert_eq!(messages("crates/a/src/user.rs", "use std::fs;").len(), 1);
        assert_eq!(messages("crates/a/src/utils.rs", "//! Things.").len(), 1);
        assert!(messages("crates/a/src/user.rs", "//! Users.").is_empty());
    }

    #[test]
    fn skipped_tests_are_found_in_tests_too() {
        let text = "//! T.\n#[test]\n    #[ignore = \"slow\"]\nfn t() {}";
        assert_eq!(messages("crates/a/tests/api/main.rs", text).len(), 1);
    }

    #[test]
    fn r_104_formatted_sql_is_found() {
        finds("let sql = format!(\"SELECT * FROM user WHERE id = '{id}'\");", "R-104");
        finds("let sql = format!(\n    r#\"DELETE FROM {table}\"#);", "R-104");
        finds("sql_query(&format!(\"{a} {b}\")).execute(c);", "R-104");
        finds("client.batch_execute(&(\"DROP TABLE \".to_owned() + name)).await;", "R-104");
        passes("sql_query(\"SELECT 1\").bind::<Text, _>(name);");
        passes("let text = format!(\"cannot SELECT {x}\");");
        passes("#[cfg(test)]\nmod tests { fn t() { sql_query(format!(\"DROP {x}\")); } }");
    }

    #[test]
    fn r_012_compared_secrets_are_found() {
        finds("if a.expose() == b.expose() {}", "R-12");
        finds("let same = token\n    .expose()\n    .as_bytes()\n    != other;", "R-12");
        passes("let same = a.constant_time_eq(b);");
        passes("let length = a.expose().len(); let equal = x == y;");
    }

    #[test]
    fn allowed_files_may_format_names_into_sql() {
        let text = "//! T.\nfn f() { format!(\"CREATE DATABASE {name}\"); }";
        assert!(messages("crates/auth-store/src/testing.rs", text).is_empty());
        assert_eq!(messages("crates/auth-store/src/user.rs", text).len(), 1);
    }
}
