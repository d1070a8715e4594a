//! Resolves a path in the code to the file that defines the item it names.

use std::collections::BTreeMap;

use super::Arrow;
use super::source::{Kind, Mention};
use super::tree::{Module, Tree};

/// Highest number of re-exports to follow; a longer chain is treated as circular.
const MAX_STEPS: usize = 12;

/// The definition that a path resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Module(usize),
    /// An item of the module with this index.
    Item(usize),
}

impl Tree {
    /// Returns the arrows between files.
    pub(super) fn arrows(&self) -> BTreeMap<(usize, usize), Arrow> {
        let mut arrows: BTreeMap<(usize, usize), Arrow> = BTreeMap::new();
        for (scope, module) in self.modules.iter().enumerate() {
            for mention in &module.mentions {
                let Some(target) = self.target(scope, mention).and_then(|target| self.modules.get(target))
                else {
                    continue;
                };
                if target.file == module.file {
                    continue;
                }
                let arrow = arrows.entry((module.file, target.file)).or_default();
                if arrow.line == 0 || mention.line < arrow.line {
                    arrow.line = mention.line;
                }
                arrow.names.extend(mention.path.last().cloned());
            }
        }
        arrows
    }

    /// The module on which a mention makes its file depend; `None` if the mention creates no dependency.
    fn target(&self, scope: usize, mention: &Mention) -> Option<usize> {
        let place = self.resolve(scope, &mention.path, MAX_STEPS)?;
        let (Place::Module(target) | Place::Item(target)) = place;
        match (mention.kind, place) {
            // Naming a module is not a use by itself. Items reached through it are separate mentions.
            (Kind::Import | Kind::Inline, Place::Module(_)) => None,
            // A file must declare its submodules, so using them is not a dependency.
            _ if self.is_below(target, self.of_file(scope)) => None,
            _ => Some(target),
        }
    }

    fn resolve(&self, scope: usize, path: &[String], steps: usize) -> Option<Place> {
        let (first, rest) = path.split_first()?;
        let mut place = match first.as_str() {
            "crate" => Place::Module(self.root(scope)),
            "self" => Place::Module(scope),
            "super" => Place::Module(self.module(scope)?.parent?),
            name => self.look_up(scope, name, steps).or_else(|| self.library_root(scope, name))?,
        };
        for name in rest {
            let Place::Module(module) = place else { break };
            place = match name.as_str() {
                "super" => Place::Module(self.module(module)?.parent?),
                // An unknown name is taken for an item that a macro creates in the module.
                name => self.look_up(module, name, steps).unwrap_or(Place::Item(module)),
            };
        }
        Some(place)
    }

    /// The definition that a name refers to in a module.
    fn look_up(&self, scope: usize, name: &str, steps: usize) -> Option<Place> {
        let steps = steps.checked_sub(1)?;
        let module = self.module(scope)?;
        if let Some(child) = module.children.get(name) {
            return Some(Place::Module(*child));
        }
        if module.items.contains(name) {
            return Some(Place::Item(scope));
        }
        if let Some(path) = module.bindings.get(name) {
            // `use url;` refers to the external crate, not to itself.
            let itself = path.len() == 1 && path.first().is_some_and(|first| first == name);
            return if itself { None } else { self.resolve(scope, path, steps) };
        }
        module.globs.iter().find_map(|path| match self.resolve(scope, path, steps)? {
            Place::Module(from) if from != scope => self.look_up(from, name, steps),
            Place::Module(_) | Place::Item(_) => None,
        })
    }

    /// The root module of the library, if `name` is the library and another crate of the same package uses
    /// it.
    fn library_root(&self, scope: usize, name: &str) -> Option<Place> {
        let (library, root) = self.library.as_ref()?;
        (library == name && self.root(scope) != *root).then_some(Place::Module(*root))
    }

    fn root(&self, scope: usize) -> usize {
        let mut at = scope;
        while let Some(parent) = self.module(at).and_then(|module| module.parent) {
            at = parent;
        }
        at
    }

    /// The outermost module in the same file as this module.
    fn of_file(&self, scope: usize) -> usize {
        let file = |module: usize| self.module(module).map(|module| module.file);
        let mut at = scope;
        while let Some(parent) = self.module(at).and_then(|module| module.parent)
            && file(parent) == file(scope)
        {
            at = parent;
        }
        at
    }

    /// Whether a module is nested in another module.
    fn is_below(&self, module: usize, above: usize) -> bool {
        let mut at = Some(module);
        while let Some(here) = at {
            at = self.module(here).and_then(|module| module.parent);
            if at == Some(above) {
                return true;
            }
        }
        false
    }

    fn module(&self, module: usize) -> Option<&Module> {
        self.modules.get(module)
    }
}
