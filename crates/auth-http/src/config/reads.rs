//! Records which keys were read, and as which kind of value.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// How a value was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Read {
    Plain,
    Secret,
}

/// How each key was read. The type of a value decides whether it may be shown.
#[derive(Debug, Default)]
pub(super) struct Reads(RefCell<BTreeMap<String, Read>>);

impl Reads {
    pub(super) fn note(&self, key: &str, read: Read) {
        let mut reads = self.0.borrow_mut();
        let present = reads.get(key).copied();
        reads.insert(key.to_owned(), present.map_or(read, |present| present.max(read)));
    }

    /// Returns how a key was read; `None` if it was not read yet.
    pub(super) fn of(&self, key: &str) -> Option<Read> {
        self.0.borrow().get(key).copied()
    }
}
