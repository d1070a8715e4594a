//! `cargo xtask tidy`: project rules that the compiler and linters do not check.
//!
//! Each check returns findings with file and line, and all findings are printed before the command fails.
//! Most checks search the text of a file and do not parse it. They catch mistakes, not deliberate evasion.

mod dependencies;
mod examples;
mod graph;
mod layers;
mod lock_files;
mod modules;
mod profiles;
mod rules;
mod settings;
mod sources;
mod weight;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::shell::root;

/// Options of `cargo xtask tidy`; without one, all checks run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Only checks the security rules: lists those without a test or without a row in docs/RULES.md
    #[arg(long)]
    pub(crate) rules: bool,
    /// Only prints the dependencies between files and their cycles, of one crate or of all
    #[arg(long, value_name = "CRATE", num_args = 0..=1, default_missing_value = "", conflicts_with = "rules")]
    pub(crate) graph: Option<String>,
}

/// A violation of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    file: String,
    /// Line number from 1; `None` if the finding concerns the whole file.
    line: Option<usize>,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file, self.message),
            None => write!(formatter, "{}: {}", self.file, self.message),
        }
    }
}

/// Runs the checks and prints their findings.
pub(crate) fn run(options: Options) -> Result<(), Failure> {
    let files = Files::read(&root())?;
    if let Some(package) = &options.graph {
        return graph::print(&files, package);
    }
    let mut findings = rules::check(&files);
    if !options.rules {
        findings.extend(sources::check(&files));
        findings.extend(layers::check(&files));
        findings.extend(examples::check(&files));
        findings.extend(lock_files::check(&files));
        findings.extend(settings::check(&files));
        findings.extend(profiles::check(&files));
        findings.extend(dependencies::check()?);
        findings.extend(weight::check(&files)?);
    }
    findings.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err(Failure::new("1 finding")),
        several => Err(Failure::new(format!("{several} findings"))),
    }
}

/// The text files of the workspace. Paths are relative to its root, with `/` between folders.
pub(crate) struct Files(Vec<(String, String)>);

impl Files {
    fn read(root: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        let mut folders: Vec<PathBuf> =
            ["crates", "xtask", "config", "docs", "migrations"].iter().map(|name| root.join(name)).collect();
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let path = entry.path();
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    if !["target", "node_modules"].contains(&name.as_str()) {
                        folders.push(path);
                    }
                } else if ["rs", "toml", "json", "md", "sql"]
                    .iter()
                    .any(|ending| name.ends_with(&format!(".{ending}")))
                {
                    let text = fs::read_to_string(&path).map_err(|error| {
                        Failure::because(format!("cannot read {}", path.display()), error)
                    })?;
                    let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
                    files.push((relative, text));
                }
            }
        }
        // In the root folder, only the files that configure the build are read.
        for name in ["Cargo.toml", ".cargo/config.toml"] {
            let path = root.join(name);
            let text = fs::read_to_string(&path)
                .map_err(|error| Failure::because(format!("cannot read {}", path.display()), error))?;
            files.push((name.to_owned(), text));
        }
        files.sort();
        Ok(Self(files))
    }

    /// Path and text of the files whose path ends with `ending`.
    fn ending<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Text of one file.
    fn text(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|(file, _)| file == path).map(|(_, text)| text.as_str())
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        Self(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }
}
