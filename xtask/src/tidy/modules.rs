//! The module graph of each package, read from its sources: which file uses items of which other file.
//!
//! A node is a file. An arrow leads from a file that names an item to the file that defines the item;
//! re-exports (`pub use`) are followed to the definition. A file's use of its own submodules is not an arrow,
//! because it must declare them. A submodule's use of its parent is an arrow. Code for tests is ignored.
//! Macros defined in the sources are not expanded: an item that only a macro creates counts as an item of its
//! module.

mod cycles;
mod names;
mod source;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use cycles::{knots, shortest_cycle};

use super::Files;

/// A package with its files and the arrows between them.
#[derive(Debug)]
pub(super) struct Package {
    /// The name in `Cargo.toml`.
    pub(super) name: String,
    /// The source folder, relative to the workspace's root.
    pub(super) folder: String,
    pub(super) files: Vec<SourceFile>,
    /// The arrows by the indexes of the using and the used file.
    pub(super) arrows: BTreeMap<(usize, usize), Arrow>,
    /// Files that cannot be parsed, with the reason.
    pub(super) unreadable: Vec<(String, String)>,
}

/// A file of a package.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// The path, relative to the workspace's root.
    pub(super) path: String,
    /// Number of lines outside `#[cfg(test)]`.
    pub(super) lines: usize,
    /// Whether the file is compiled only for tests.
    pub(super) test: bool,
}

/// Why one file depends on another.
#[derive(Debug, Default)]
pub(super) struct Arrow {
    /// The first line that names an item of the other file, counted from 1.
    pub(super) line: usize,
    /// The names used, without their paths.
    pub(super) names: BTreeSet<String>,
}

impl Package {
    /// Path of a file, relative to the source folder.
    pub(super) fn short(&self, file: usize) -> &str {
        let path = self.path(file);
        path.strip_prefix(self.folder.as_str()).map_or(path, |rest| rest.trim_start_matches('/'))
    }

    /// Path of a file, relative to the workspace's root.
    pub(super) fn path(&self, file: usize) -> &str {
        self.files.get(file).map_or("", |file| file.path.as_str())
    }

    /// The files that a file depends on.
    pub(super) fn targets(&self, file: usize) -> impl Iterator<Item = usize> {
        self.arrows.range((file, 0)..=(file, usize::MAX)).map(|((_, to), _)| *to)
    }
}

/// Reads the graph of every package below `crates/` and `xtask/`.
pub(super) fn packages(files: &Files) -> Vec<Package> {
    let manifests: Vec<(&str, &str)> = files
        .ending("/Cargo.toml")
        .filter(|(path, _)| path.starts_with("crates/") || path.starts_with("xtask/"))
        .collect();
    manifests.into_iter().filter_map(|(path, text)| package(files, path, text)).collect()
}

fn package(files: &Files, manifest: &str, text: &str) -> Option<Package> {
    let name = text.lines().find_map(|line| line.strip_prefix("name = "))?.trim_matches('"');
    let folder = format!("{}/src", manifest.strip_suffix("/Cargo.toml")?);
    let sources: Vec<(&str, &str)> =
        files.ending(".rs").filter(|(path, _)| path.starts_with(&format!("{folder}/"))).collect();
    let tree = tree::Tree::read(&name.replace('-', "_"), &folder, &sources);
    let arrows = tree.arrows();
    let tree::Tree { files, unreadable, .. } = tree;
    Some(Package { name: name.to_owned(), folder, files, arrows, unreadable })
}
