//! Checks that the reference page of the settings mentions every key of `config/default.toml`.

use super::{Files, Finding};

const DEFAULTS: &str = "config/default.toml";
const PAGE: &str = "docs/CONFIGURATION.md";

pub(super) fn check(files: &Files) -> Vec<Finding> {
    let (Some(defaults), Some(page)) = (files.text(DEFAULTS), files.text(PAGE)) else { return Vec::new() };
    keys(defaults)
        .into_iter()
        .filter(|(_, key)| !page.contains(&format!("`{key}`")))
        .map(|(line, key)| Finding {
            file: DEFAULTS.to_owned(),
            line: Some(line),
            message: format!(
                "`{key}` is not described in {PAGE}: UPDATE_DOCS=1 cargo test -p auth-http --lib reference writes it"
            ),
        })
        .collect()
}

/// Line and full name of each key in a TOML file with one key per line.
fn keys(toml: &str) -> Vec<(usize, String)> {
    let mut section = String::new();
    let mut keys = Vec::new();
    for (index, line) in toml.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = format!("{name}.");
        } else if let Some((key, _)) = line.split_once('=') {
            let key = key.trim();
            if !key.is_empty()
                && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                keys.push((index + 1, format!("{section}{key}")));
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_the_page_lacks_is_found() {
        let files = Files::of(&[
            (DEFAULTS, "# a = comment\n[server]\nport = 3000\nhost = \"x\"\n[password.argon2]\npasses = 2\n"),
            (PAGE, "`server.port` and `password.argon2.passes`"),
        ]);
        let findings = check(&files);
        assert_eq!(findings.len(), 1);
        assert!(
            findings
                .iter()
                .all(|finding| finding.line == Some(4) && finding.message.contains("`server.host`"))
        );
    }
}
