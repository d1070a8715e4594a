//! From a path in the code to the file that defines what it names.

use std::collections::BTreeMap;

use super::Arrow;
use super::source::{Kind, Mention};
use super::tree::{Module, Tree};

/// Re-exports on the way to a definition; more are taken for a circle.
const MAX_STEPS: usize = 12;

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

impl Tree {
    /// Gives the arrows between files.
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

    /// The module on which a mention makes its file depend.
    fn target(&self, scope: usize, mention: &Mention) -> Option<usize> {
        let place = self.resolve(scope, &mention.path, MAX_STEPS)?;
        let (Place::Module(target) | Place::Item(target)) = place;
        match (mention.kind, place) {
            // A module's name alone is no use; the items taken through it are mentioned where they are used.
            (Kind::Import | Kind::Inline, Place::Module(_)) => None,
            // A file has to declare the modules below it.
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
                // What a macro made is an item of the module all the same.
                name => self.look_up(module, name, steps).unwrap_or(Place::Item(module)),
            };
        }
        Some(place)
    }

    /// What a name means in a module.
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
            // `use url;` names the crate, not itself.
            let itself = path.len() == 1 && path.first().is_some_and(|first| first == name);
            return if itself { None } else { self.resolve(scope, path, steps) };
        }
        module.globs.iter().find_map(|path| match self.resolve(scope, path, steps)? {
            Place::Module(from) if from != scope => self.look_up(from, name, steps),
            Place::Module(_) | Place::Item(_) => None,
        })
    }

    /// The root of the library, where a program of the same package names it.
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

    /// The module that the file of a module is.
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

    /// Whether a module is inside another.
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
