//! Checks that the doc comment of every public item of `auth-core` has an example that runs as a test.
//!
//! Types are found at any indentation. Functions and constants are found only at the start of a line, which
//! excludes methods. If a macro receives the name of a type (`id.rs`), the check finds the name where the
//! macro is called: alone on a line under a doc comment.

use super::{Files, Finding};

const FOLDER: &str = "crates/auth-core/src/";

/// Keywords that start a type after `pub `, also in the body of a macro.
const TYPES: [&str; 4] = ["struct", "enum", "union", "trait"];

/// Keywords that start another item. Inside an `impl` they start methods and constants, which need no
/// example.
const OTHERS: [&str; 6] = ["fn", "const", "static", "type", "unsafe", "async"];

pub(super) fn check(files: &Files) -> Vec<Finding> {
    files
        .ending(".rs")
        .filter(|(file, _)| {
            file.starts_with(FOLDER) && !file.contains("/tests/") && !file.ends_with("/tests.rs")
        })
        .flat_map(|(file, text)| {
            without_example(text).into_iter().map(move |(line, item)| Finding {
                file: file.to_owned(),
                line: Some(line),
                message: format!("`{item}` has no example that runs in its doc comment"),
            })
        })
        .collect()
}

/// Line and declaration of each public item whose doc comment has no example that runs.
fn without_example(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut doc = Doc::default();
    let mut in_attribute = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("mod tests {") {
            break;
        }
        if in_attribute || line.trim_start().starts_with("#[") {
            in_attribute = !line.ends_with(']');
        } else if let Some(comment) = line.trim_start().strip_prefix("///") {
            doc.read(comment.trim());
        } else {
            let item = public_item(line).or_else(|| doc.is_there.then(|| given_name(line)).flatten());
            if let Some(item) = item.filter(|_| !doc.has_example) {
                found.push((index + 1, item));
            }
            doc = Doc::default();
        }
    }
    found
}

/// The state of reading one doc comment.
#[derive(Default)]
struct Doc {
    is_there: bool,
    in_block: bool,
    has_example: bool,
}

impl Doc {
    fn read(&mut self, line: &str) {
        self.is_there = true;
        let Some(language) = line.strip_prefix("```") else { return };
        // Blocks that do not compile or do not run are no examples of use.
        self.has_example |= !self.in_block && ["", "rust", "should_panic"].contains(&language);
        self.in_block = !self.in_block;
    }
}

/// The keywords and the name of the public item that starts on this line, or `None`.
fn public_item(line: &str) -> Option<String> {
    let declaration = line.trim_start().strip_prefix("pub ")?;
    let (kind, name) = declaration.split_once(' ')?;
    let is_item = TYPES.contains(&kind) || (OTHERS.contains(&kind) && line.starts_with("pub "));
    (is_item && !name.starts_with('$')).then(|| {
        let end = declaration.find(['(', '<', '{', ';', ':', '=']).unwrap_or(declaration.len());
        declaration.get(..end).unwrap_or_default().trim_end().to_owned()
    })
}

/// The name of a type that is alone on its line, or `None`.
fn given_name(line: &str) -> Option<String> {
    let name = line.trim();
    let is_type = name.starts_with(|c: char| c.is_ascii_uppercase());
    (is_type && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, expected: &[(usize, &str)]) {
        let found = without_example(text);
        let found: Vec<_> = found.iter().map(|(line, item)| (*line, item.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn an_item_without_a_block_is_found_by_its_line() {
        finds("//! H.\n\n/// Does.\npub fn f<T>(t: T) {}\n", &[(4, "fn f")]);
        finds(
            "/// Is.\n#[derive(Debug)]\npub struct S;\n\npub enum E {}\n",
            &[(3, "struct S"), (5, "enum E")],
        );
        finds(
            "pub const N: u8 = 1;\npub trait T: Send {\n    fn f();\n}\npub type A = u8;\n",
            &[(1, "const N"), (2, "trait T"), (5, "type A")],
        );
    }

    #[test]
    fn a_block_that_runs_is_an_example() {
        finds("/// Does.\n///\n/// ```\n/// f();\n/// ```\npub fn f() {}\n", &[]);
        finds(
            "/// ```rust\n/// S;\n/// ```\n#[expect(\n    dead_code,\n    reason = \"x\"\n)]\npub struct S;\n",
            &[],
        );
    }

    #[test]
    fn a_block_that_does_not_run_is_none() {
        for language in ["compile_fail,E0277", "text", "no_run", "ignore"] {
            finds(&format!("/// ```{language}\n/// S;\n/// ```\npub struct S;\n"), &[(4, "struct S")]);
        }
    }

    #[test]
    fn an_example_belongs_to_one_item() {
        finds("/// ```\n/// A;\n/// ```\npub struct A;\npub struct B;\n", &[(5, "struct B")]);
        finds(
            "/// ```\n/// A;\n/// ```\npub struct A {\n    n: u8,\n}\n\npub struct B;\n",
            &[(8, "struct B")],
        );
    }

    #[test]
    fn types_in_macros_need_one_there_or_where_they_are_named() {
        finds("id!(\n    /// Names.\n    UserId\n);\n", &[(3, "UserId")]);
        finds(
            "id!(\n    /// ```\n    /// UserId;\n    /// ```\n    UserId\n);\nfn f() {\n    None\n}\n",
            &[],
        );
        finds(
            "macro_rules! m {\n    () => {\n        /// Is.\n        pub enum E {}\n    };\n}\n",
            &[(4, "enum E")],
        );
        finds("macro_rules! m {\n    ($n:ident) => {\n        pub struct $n(u8);\n    };\n}\n", &[]);
    }

    #[test]
    fn what_is_not_public_or_in_tests_needs_none() {
        finds("pub(crate) fn f() {}\nfn g() {}\npub mod m;\npub use m::x;\n", &[]);
        finds("impl S {\n    pub fn f() {}\n}\nmod tests {\nr\"\npub fn f() {}\n\"\n}\n", &[]);
    }

    #[test]
    fn the_sources_of_the_core_are_checked_and_no_others() {
        let text = "//! H.\npub struct S;\n";
        let files = Files::of(&[
            ("crates/auth-core/src/a.rs", text),
            ("crates/auth-core/src/a/tests.rs", text),
            ("crates/auth-core/tests/b.rs", text),
            ("crates/auth-http/src/c.rs", text),
        ]);
        let found: Vec<String> = check(&files).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["crates/auth-core/src/a.rs:2: `struct S` has no example that runs in its doc comment"]
        );
    }
}
