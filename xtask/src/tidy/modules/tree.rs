//! The module tree of a package, built from its files.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Mention, Scope};
use super::{SourceFile, source::Source};

/// A module: a file or an inline module.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// Index of its file.
    pub(super) file: usize,
    /// Index of the enclosing module; `None` for the root of a crate.
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) items: BTreeSet<String>,
    pub(super) bindings: BTreeMap<String, Vec<String>>,
    pub(super) globs: Vec<Vec<String>>,
    pub(super) mentions: Vec<Mention>,
}

/// Files and modules of a package.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) files: Vec<SourceFile>,
    pub(super) modules: Vec<Module>,
    /// The library's crate name and the index of its root module.
    pub(super) library: Option<(String, usize)>,
    /// Files that cannot be parsed, with the reason.
    pub(super) unreadable: Vec<(String, String)>,
}

/// A file that has yet to be read, and the position of its module.
struct Waiting {
    path: String,
    /// Index of the module that declares it, and its name there; `None` for the root of a crate.
    declared: Option<(usize, String)>,
    test: bool,
}

impl Tree {
    /// Builds the tree of a package from the roots of its library and programs.
    pub(super) fn read(library: &str, folder: &str, sources: &[(&str, &str)]) -> Self {
        let texts: BTreeMap<&str, &str> = sources.iter().copied().collect();
        let mut tree = Self::default();
        let mut reached = BTreeSet::new();
        let root = |name: &str| format!("{folder}/{name}");
        let programs = sources.iter().map(|(path, _)| (*path).to_owned());
        // A file that no other file declares is the root of a program.
        for path in [root("lib.rs"), root("main.rs")].into_iter().chain(programs) {
            if reached.contains(&path) || !texts.contains_key(path.as_str()) {
                continue;
            }
            if path == root("lib.rs") {
                tree.library = Some((library.to_owned(), tree.modules.len()));
            }
            tree.add_root(path, &texts, &mut reached);
        }
        tree
    }

    fn add_root(&mut self, path: String, texts: &BTreeMap<&str, &str>, reached: &mut BTreeSet<String>) {
        let mut waiting = vec![Waiting { path, declared: None, test: false }];
        while let Some(next) = waiting.pop() {
            let Some(text) = texts.get(next.path.as_str()) else { continue };
            if !reached.insert(next.path.clone()) {
                continue;
            }
            match source::read(text) {
                Ok(source) => self.add_file(next, source, texts, &mut waiting),
                Err(error) => self.unreadable.push((next.path, error.to_string())),
            }
        }
    }

    fn add_file(
        &mut self,
        read: Waiting,
        source: Source,
        texts: &BTreeMap<&str, &str>,
        waiting: &mut Vec<Waiting>,
    ) {
        let (file, first) = (self.files.len(), self.modules.len());
        let test = read.test || source.test;
        // Submodules of a crate root are in the same folder. Those of other files are in a folder with the
        // file's name.
        let stem = read.path.strip_suffix(".rs").unwrap_or(&read.path);
        let folder = match &read.declared {
            None => stem.rsplit_once('/').map_or("", |(folder, _)| folder),
            Some(_) => stem,
        };
        let mut folders = Vec::new();
        for (index, scope) in source.scopes.into_iter().enumerate() {
            let Scope { name, parent, declared, items, bindings, globs, mentions } = scope;
            let own = parent
                .and_then(|parent| folders.get(parent))
                .map_or_else(|| folder.to_owned(), |parent: &String| format!("{parent}/{name}"));
            let around = match parent {
                Some(parent) => Some((first + parent, name)),
                None => read.declared.clone(),
            };
            for (child, for_tests) in declared {
                let paths = [format!("{own}/{child}.rs"), format!("{own}/{child}/mod.rs")];
                let path = paths.into_iter().find(|path| texts.contains_key(path.as_str()));
                waiting.extend(path.map(|path| Waiting {
                    path,
                    declared: Some((first + index, child)),
                    test: test || for_tests,
                }));
            }
            folders.push(own);
            let parent = around.as_ref().map(|(parent, _)| *parent);
            if let Some((parent, name)) = around
                && let Some(parent) = self.modules.get_mut(parent)
            {
                parent.children.insert(name, first + index);
            }
            self.modules.push(Module {
                file,
                parent,
                children: BTreeMap::new(),
                items: items.into_iter().collect(),
                bindings: bindings.into_iter().collect(),
                globs,
                mentions: if test { Vec::new() } else { mentions },
            });
        }
        self.files.push(SourceFile { path: read.path, lines: source.lines, test });
    }
}
