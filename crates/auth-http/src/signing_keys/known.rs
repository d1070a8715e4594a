//! Public keys that this process knows, so that what is signed with one of them is checked without a question to the
//! database (Better Auth plugins §3.6).
//!
//! Which key is asked for is a visitor's to write, so a name that is not known has the table read again once in
//! [`KEPT`] and no more often.

use std::sync::{Arc, Mutex, PoisonError};

use auth_core::{JwkSet, Kid, StoredKey, VerificationKey};
use auth_store::Store;
use time::{Duration, OffsetDateTime};

use super::{KEPT, SigningKeys};

/// How long known keys are relied on before the table is read again: for so long a key whose row was deleted still
/// checks what it signed.
const RELIED_ON: Duration = Duration::seconds(60);

/// Public keys, and when they were read.
#[derive(Default)]
pub(super) struct KnownKeys {
    current: Mutex<Known>,
    /// Held by whoever reads the table.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<JwkSet>,
    /// When the table was last read.
    read_at: Option<OffsetDateTime>,
    /// When the table was last asked for, whether or not it answered.
    asked_at: Option<OffsetDateTime>,
}

impl Known {
    /// Tells whether a moment was less than so long ago. One that is yet to come is none to rely on.
    fn is_within(at: Option<OffsetDateTime>, span: Duration, now: OffsetDateTime) -> bool {
        at.is_some_and(|at| at <= now && now - at < span)
    }

    fn is_relied_on(&self, now: OffsetDateTime) -> bool {
        Self::is_within(self.read_at, RELIED_ON, now)
    }

    fn was_asked(&self, now: OffsetDateTime) -> bool {
        Self::is_within(self.asked_at, KEPT, now)
    }
}

impl KnownKeys {
    fn get(&self) -> Known {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        change(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl SigningKeys {
    /// Finds the key of a name among those that are shown; `None` where there is none, or nobody can tell.
    ///
    /// While the table cannot be read, keys that were known go on: what they check ends by its own time.
    pub(crate) async fn find(
        &self,
        store: &Store,
        kid: &Kid,
        now: OffsetDateTime,
    ) -> Option<VerificationKey> {
        let known = self.0.known.get();
        let found = known.keys.find(kid).cloned();
        if (found.is_some() && known.is_relied_on(now)) || known.was_asked(now) {
            return found;
        }
        // Who knows the key has no reason to wait while somebody else reads.
        let _turn = match (self.0.known.reading.try_lock(), &found) {
            (Ok(turn), _) => turn,
            (Err(_somebody_reads), Some(_)) => return found,
            (Err(_somebody_reads), None) => self.0.known.reading.lock().await,
        };
        if !self.0.known.get().was_asked(now) {
            self.0.known.change(|known| known.asked_at = Some(now));
            match store.keys().list().await {
                Ok(keys) => self.learn(&keys, now),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the public keys cannot be read; those that are known go on");
                }
            }
        }
        self.0.known.get().keys.find(kid).cloned()
    }

    /// Takes note of what the table holds.
    pub(super) fn learn(&self, keys: &[StoredKey], now: OffsetDateTime) {
        let keys = Arc::new(self.shown(keys, now));
        self.0.known.change(|known| *known = Known { keys, read_at: Some(now), asked_at: Some(now) });
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_that_is_yet_to_come_is_none_to_rely_on() {
        const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);
        let check = |seconds: i64, expected: bool| {
            let at = Some(NOW - Duration::seconds(seconds));
            assert_eq!(Known::is_within(at, Duration::seconds(60), NOW), expected, "{seconds} s ago");
        };
        check(0, true);
        check(59, true);
        check(60, false);
        check(-1, false);
        assert!(!Known::is_within(None, Duration::MAX, NOW));
    }
}
