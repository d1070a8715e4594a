//! A map of bounded size that controls which entries are evicted first.
//!
//! An attacker can use any number of addresses, so the table limits the number of keys. A blocked client must
//! not be able to unblock itself by filling the table with other keys. So the oldest entry that blocks no
//! client is evicted first. A blocking entry, again the oldest, is evicted only if the table is full of
//! blocking entries. To reach that state, an attacker needs as many clients over their limit as the table has
//! entries. Requests from all those clients would gain more than evicting one entry.
//!
//! Every operation looks at a few entries only, because all requests wait for the table. For this reason,
//! blocking entries are moved to a separate queue before the table is full.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};

/// An entry of the table.
pub(crate) trait Entry {
    /// Whether this entry still blocks its client at `now`; such entries are evicted last.
    fn holds(&self, now: i64) -> bool;
}

/// A key as a 128-bit hash, which stays short even if a client chooses a long key. The hash uses two random
/// seeds of this process, so a client cannot construct a collision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64, u64);

/// Shows half of the hash, for the log. It distinguishes the keys of one process and reveals nothing about
/// them.
impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Computes fingerprints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fingerprints(RandomState, RandomState);

impl Fingerprints {
    pub(crate) fn of(&self, key: &(impl Hash + ?Sized)) -> Fingerprint {
        Fingerprint(self.0.hash_one(key), self.1.hash_one(key))
    }
}

/// Maximum number of entries of the `passing` queue that one insertion looks at in one pass.
const AHEAD: usize = 8;

/// Entries by fingerprint, at most `capacity` of them.
#[derive(Debug)]
pub(crate) struct BoundedTable<E> {
    capacity: usize,
    entries: HashMap<Fingerprint, E>,
    /// Keys in order of insertion. Each key is in exactly one of the two queues.
    passing: VecDeque<Fingerprint>,
    /// Keys that blocked a client when they were considered for eviction.
    holding: VecDeque<Fingerprint>,
}

impl<E: Entry> BoundedTable<E> {
    /// Creates an empty table. Its memory is reserved at once, so that no request has to wait for the table
    /// to grow.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::with_capacity(capacity),
            passing: VecDeque::with_capacity(capacity),
            holding: VecDeque::with_capacity(capacity),
        }
    }

    pub(crate) fn get(&self, key: &Fingerprint) -> Option<&E> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &Fingerprint) -> Option<&mut E> {
        self.entries.get_mut(key)
    }

    /// Stores an entry. It replaces the entry with the same key; in a full table, another entry is evicted.
    pub(crate) fn insert(&mut self, key: Fingerprint, entry: E, now: i64) {
        if let Some(known) = self.entries.get_mut(&key) {
            *known = entry;
            return;
        }
        if self.entries.len() >= self.capacity - self.capacity / 4 {
            self.look_ahead(now);
        }
        if self.entries.len() >= self.capacity {
            self.make_room(now);
        }
        self.entries.insert(key, entry);
        self.passing.push_back(key);
    }

    /// Moves blocking entries from the front of `passing` to `holding`. While the last quarter of the table
    /// fills, this can reach every entry twice.
    fn look_ahead(&mut self, now: i64) {
        for _ in 0..AHEAD {
            let Some(key) = self.passing.front().copied().filter(|key| self.holds(key, now)) else { break };
            self.passing.pop_front();
            self.holding.push_back(key);
        }
    }

    fn make_room(&mut self, now: i64) {
        const LOOKED_AT: usize = 2;
        for _ in 0..LOOKED_AT {
            let Some(key) = self.holding.pop_front() else { break };
            if self.holds(&key, now) {
                self.holding.push_back(key);
            } else {
                self.entries.remove(&key);
                return;
            }
        }
        for _ in 0..AHEAD {
            let Some(key) = self.passing.pop_front() else { break };
            if self.holds(&key, now) {
                self.holding.push_back(key);
            } else {
                self.entries.remove(&key);
                return;
            }
        }
        if let Some(key) = self.holding.pop_front() {
            self.entries.remove(&key);
        }
    }

    fn holds(&self, key: &Fingerprint, now: i64) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.holds(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry that blocks until this time.
    struct Until(i64);

    impl Entry for Until {
        fn holds(&self, now: i64) -> bool {
            now < self.0
        }
    }

    fn key(number: u64) -> Fingerprint {
        Fingerprint(number, 0)
    }

    fn is_consistent(table: &BoundedTable<Until>) -> bool {
        let queued = table.passing.iter().chain(&table.holding);
        table.entries.len() <= table.capacity
            && table.passing.len() + table.holding.len() == table.entries.len()
            && queued.into_iter().all(|key| table.entries.contains_key(key))
    }

    #[test]
    fn r_087_what_holds_outlives_any_number_of_passers_by() {
        let mut table = BoundedTable::new(100);
        for number in 0..60 {
            table.insert(key(number), Until(1_000), 0);
        }
        // Fifty times the table's capacity, so that the queues reach a steady state.
        for number in 1_000..6_000 {
            table.insert(key(number), Until(0), 1);
            assert!(is_consistent(&table));
        }
        for number in 0..60 {
            assert!(table.get(&key(number)).is_some(), "{number}");
        }
        assert!(table.get(&key(5_999)).is_some());
        assert!(table.get(&key(1_000)).is_none());
        assert_eq!(table.entries.len(), 100);
    }

    #[test]
    fn r_087_what_has_stopped_holding_makes_room() {
        let mut table = BoundedTable::new(100);
        for number in 0..100 {
            table.insert(key(number), Until(if number == 50 { 9_000 } else { 1_000 }), 0);
        }
        for number in 1_000..1_100 {
            table.insert(key(number), Until(0), 2_000);
            assert!(is_consistent(&table));
        }
        assert!(table.get(&key(50)).is_some(), "the one that still holds");
        assert_eq!((0..100).filter(|number| table.get(&key(*number)).is_some()).count(), 1);
    }

    #[test]
    fn r_087_in_a_table_full_of_holders_the_oldest_goes() {
        let mut table = BoundedTable::new(4);
        for number in 0..10 {
            table.insert(key(number), Until(1_000), 0);
            assert!(is_consistent(&table));
        }
        assert_eq!(table.entries.len(), 4);
        assert!(table.get(&key(9)).is_some());
    }

    #[test]
    fn r_087_a_full_table_does_not_have_a_request_wait_for_all_its_entries() {
        /// An entry that always blocks, and counts how often it is asked.
        struct Counted<'a>(&'a std::cell::Cell<u32>);

        impl Entry for Counted<'_> {
            fn holds(&self, _now: i64) -> bool {
                self.0.set(self.0.get() + 1);
                true
            }
        }

        let looks = std::cell::Cell::new(0);
        let mut table = BoundedTable::new(10_000);
        for number in 0..30_000 {
            looks.set(0);
            table.insert(key(number), Counted(&looks), 0);
            assert!(looks.get() <= 20, "{} at {number}", looks.get());
        }
        assert_eq!(table.entries.len(), 10_000);
        assert!(table.get(&key(29_999)).is_some());
        assert!(table.get(&key(0)).is_none(), "the oldest went");
    }

    #[test]
    fn a_known_key_is_replaced_in_its_place() {
        let mut table = BoundedTable::new(2);
        for until in [0, 5, 7] {
            table.insert(key(1), Until(until), 0);
            assert!(is_consistent(&table));
        }
        assert_eq!(table.get(&key(1)).map(|entry| entry.0), Some(7));
        if let Some(entry) = table.get_mut(&key(1)) {
            entry.0 = 8;
        }
        assert_eq!(table.get(&key(1)).map(|entry| entry.0), Some(8));
    }

    #[test]
    fn fingerprints_tell_keys_apart_and_differ_between_processes() {
        let (here, elsewhere) = (Fingerprints::default(), Fingerprints::default());
        assert_eq!(here.of("1.2.3.4|/ok"), here.of("1.2.3.4|/ok"));
        assert_ne!(here.of("1.2.3.4|/ok"), here.of("1.2.3.5|/ok"));
        assert_ne!(here.of("1.2.3.4|/ok"), elsewhere.of("1.2.3.4|/ok"));
    }
}
