//! Parses one source file: its modules, the items and names in each, and the paths that its code mentions.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Meta, Token, UseTree};

/// A module of a source file: the file itself or an inline module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) name: String,
    /// Index of the enclosing scope; `None` for the file itself.
    pub(super) parent: Option<usize>,
    /// Modules declared with `mod name;`, and whether each is only for tests.
    pub(super) declared: Vec<(String, bool)>,
    pub(super) items: Vec<String>,
    /// Names introduced by `use`, with the paths they stand for.
    pub(super) bindings: Vec<(String, Vec<String>)>,
    /// Modules imported with `use …::*`.
    pub(super) globs: Vec<Vec<String>>,
    pub(super) mentions: Vec<Mention>,
}

/// A path in the code.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// How a path is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// In a `use` declaration without visibility.
    Import,
    /// In a `use` declaration with a visibility.
    ReExport,
    /// In a `use …::*`, with or without a visibility.
    Glob,
    /// In other code.
    Inline,
}

/// A parsed file.
#[derive(Debug)]
pub(super) struct Source {
    /// The first scope is the file itself; a parent precedes its children.
    pub(super) scopes: Vec<Scope>,
    /// Number of lines outside `#[cfg(test)]`.
    pub(super) lines: usize,
    /// Whether the file starts with `#![cfg(test)]`.
    pub(super) test: bool,
}

/// Parses a file.
pub(super) fn read(text: &str) -> Result<Source, syn::Error> {
    let file = syn::parse_file(text)?;
    let test = is_for_tests(&file.attrs);
    let mut reader = Reader { scopes: vec![Scope::default()], current: 0, test_lines: 0 };
    reader.visit_file(&file);
    let lines = text.lines().count().saturating_sub(reader.test_lines);
    Ok(Source { scopes: reader.scopes, lines, test })
}

struct Reader {
    scopes: Vec<Scope>,
    current: usize,
    test_lines: usize,
}

impl Reader {
    fn scope(&mut self, change: impl FnOnce(&mut Scope)) {
        if let Some(scope) = self.scopes.get_mut(self.current) {
            change(scope);
        }
    }

    fn mention(&mut self, path: Vec<String>, line: usize, kind: Kind) {
        self.scope(|scope| scope.mentions.push(Mention { path, line, kind }));
    }

    fn module(&mut self, module: &syn::ItemMod) {
        let name = module.ident.to_string();
        let Some((_, items)) = &module.content else {
            self.scope(|scope| scope.declared.push((name, false)));
            return;
        };
        let parent = self.current;
        self.current = self.scopes.len();
        self.scopes.push(Scope { name, parent: Some(parent), ..Scope::default() });
        for item in items {
            self.visit_item(item);
        }
        self.current = parent;
    }

    /// Records the names of a `use` declaration; `leading` is the path before `tree`.
    fn import(&mut self, leading: &[String], tree: &UseTree, exported: bool) {
        let kind = if exported { Kind::ReExport } else { Kind::Import };
        let joined = |last: String| leading.iter().cloned().chain([last]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.import(&joined(path.ident.to_string()), &path.tree, exported),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(leading, tree, exported);
                }
            }
            UseTree::Glob(glob) => {
                let line = line(glob.span());
                self.scope(|scope| scope.globs.push(leading.to_vec()));
                self.mention(leading.to_vec(), line, Kind::Glob);
            }
            UseTree::Name(name) => self.bind(joined(name.ident.to_string()), None, name.span(), kind),
            UseTree::Rename(rename) => {
                let path = joined(rename.ident.to_string());
                self.bind(path, Some(rename.rename.to_string()), rename.span(), kind);
            }
        }
    }

    fn bind(&mut self, mut path: Vec<String>, renamed: Option<String>, span: Span, kind: Kind) {
        // `use a::{self}` is `use a`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(name) = renamed.or_else(|| path.last().cloned()) else { return };
        self.scope(|scope| scope.bindings.push((name, path.clone())));
        self.mention(path, line(span), kind);
    }

    /// Records the paths in unparsed tokens: the arguments of macros and attributes.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut started = 0;
        // Number of colons since the last name of the path.
        let mut colons = 0;
        let mut after_dot = false;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.path_of_tokens(&mut path, started);
                    }
                    if path.is_empty() {
                        started = line(name.span());
                    }
                    if !(after_dot && path.is_empty()) {
                        path.push(name.to_string());
                    }
                    (colons, after_dot) = (0, false);
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.path_of_tokens(&mut path, started);
                    colons = 0;
                    after_dot = false;
                    match other {
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Punct(mark) => after_dot = mark.as_char() == '.',
                        TokenTree::Literal(literal) => {
                            self.path_in_text(&literal.to_string(), literal.span())
                        }
                        TokenTree::Ident(_) => {}
                    }
                }
            }
        }
        self.path_of_tokens(&mut path, started);
    }

    fn path_of_tokens(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.mention(std::mem::take(path), line, Kind::Inline);
        }
    }

    /// Records a path in an attribute's string, such as `with = "crate::date"`.
    fn path_in_text(&mut self, literal: &str, span: Span) {
        let text = literal.trim_matches('"');
        if ["crate::", "self::", "super::"].iter().any(|start| text.starts_with(start)) {
            self.mention(text.split("::").map(str::to_owned).collect(), line(span), Kind::Inline);
        }
    }

    /// Whether this item is only for tests. If so, its lines are added to `test_lines`.
    fn skips(&mut self, attributes: &[Attribute], span: Span) -> bool {
        let skips = is_for_tests(attributes);
        if skips {
            let first = attributes.first().map_or(span, Spanned::span).start().line;
            self.test_lines += span.end().line.saturating_sub(first) + 1;
        }
        skips
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name) = head(item);
        if self.skips(attributes, item.span()) {
            if let Item::Mod(module) = item
                && module.content.is_none()
            {
                self.scope(|scope| scope.declared.push((module.ident.to_string(), true)));
            }
            return;
        }
        if let Some(name) = name {
            self.scope(|scope| scope.items.push(name));
        }
        match item {
            Item::Mod(module) => self.module(module),
            Item::Use(import) => {
                let exported = !matches!(import.vis, syn::Visibility::Inherited);
                self.import(&[], &import.tree, exported);
            }
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes: &[Attribute] = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        if !self.skips(attributes, item.span()) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none() {
            self.mention(names, line(path.span()), Kind::Inline);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.tokens(called.tokens.clone());
        visit::visit_macro(self, called);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => self.tokens(list.tokens.clone()),
            Meta::NameValue(_) | Meta::Path(_) => {}
        }
    }

    // A path in `pub(in crate::a)` is not a use.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}

fn line(span: Span) -> usize {
    span.start().line
}

/// The attributes of an item and the name that it defines.
fn head(item: &Item) -> (&[Attribute], Option<String>) {
    let named = |attributes, name: &syn::Ident| (attributes, Some(name.to_string()));
    match item {
        Item::Const(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Enum(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Fn(item) => named(item.attrs.as_slice(), &item.sig.ident),
        Item::Static(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Struct(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Trait(item) => named(item.attrs.as_slice(), &item.ident),
        Item::TraitAlias(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Type(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Union(item) => named(item.attrs.as_slice(), &item.ident),
        Item::Macro(item) => (item.attrs.as_slice(), item.ident.as_ref().map(ToString::to_string)),
        Item::Impl(item) => (item.attrs.as_slice(), None),
        Item::Mod(item) => (item.attrs.as_slice(), None),
        Item::Use(item) => (item.attrs.as_slice(), None),
        Item::ExternCrate(item) => (item.attrs.as_slice(), None),
        Item::ForeignMod(item) => (item.attrs.as_slice(), None),
        _ => (&[], None),
    }
}

/// Whether the attributes restrict an item to tests.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            list.parse_args().is_ok_and(|meta| needs_test(&meta))
        }
        _ => false,
    })
}

/// Whether a `cfg` condition can hold only in tests.
fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test") || path.is_ident("doctest"),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let Ok(parts) = parts else { return false };
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("all") => parts.iter().any(needs_test),
                Some("any") => !parts.is_empty() && parts.iter().all(needs_test),
                _ => false,
            }
        }
        Meta::NameValue(_) => false,
    }
}
