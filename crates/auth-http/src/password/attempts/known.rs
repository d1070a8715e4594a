//! Addresses from which an account's owner has signed in.
//!
//! An account has few known addresses, and each expires. So a client cannot fill the table by signing in to
//! its own account from many addresses, and an address that is reassigned is not trusted forever.

use crate::web::rate_limit::table::{Entry, Fingerprint};

/// Maximum number of addresses per account. The least recently used one is removed first.
pub(super) const MOST: usize = 8;
/// How long an address stays known after the owner's last success there, in milliseconds.
pub(super) const KNOWN_FOR: i64 = 90 * 24 * 60 * 60 * 1_000;

/// The known addresses of one account, the most recent last; 24 bytes each.
#[derive(Debug)]
pub(super) struct KnownAddresses(Vec<(Fingerprint, i64)>);

impl KnownAddresses {
    pub(super) fn new(address: Fingerprint, now: i64) -> Self {
        Self(vec![(address, now)])
    }

    pub(super) fn has(&self, address: Fingerprint, now: i64) -> bool {
        self.0.iter().any(|(known, seen)| *known == address && is_recent(*seen, now))
    }

    pub(super) fn add(&mut self, address: Fingerprint, now: i64) {
        self.0.retain(|(known, seen)| *known != address && is_recent(*seen, now));
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push((address, now));
    }
}

impl Entry for KnownAddresses {
    fn holds(&self, now: i64) -> bool {
        self.0.last().is_some_and(|(_, seen)| is_recent(*seen, now))
    }
}

fn is_recent(seen: i64, now: i64) -> bool {
    now.saturating_sub(seen) < KNOWN_FOR
}
