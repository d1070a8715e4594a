//! Public keys that this process knows, so that what is signed with one of them is checked without a question to the
//! database (Better Auth plugins §3.6).
//!
//! Which key is asked for is a visitor's to write, so a name that is not known has the table read again once in
//! [`KEPT`] and no more often. Whoever comes while it is read waits for what that finds, [`PATIENCE`] at the longest, and
//! holds no connection meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use auth_core::{JwkSet, Kid, StoredKey, VerificationKey};
use auth_store::Store;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::moment::is_within;
use super::{KEPT, PATIENCE, RELIED_ON, SigningKeys};

/// Public keys, and when they were read.
#[derive(Default)]
pub(super) struct KnownKeys {
    current: Mutex<Known>,
    /// Held by whoever reads the table, until it has answered.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<JwkSet>,
    /// When the table was last read.
    read_at: Option<OffsetDateTime>,
    /// When the table last answered, or could not.
    asked_at: Option<OffsetDateTime>,
    /// How often it did. Times cannot tell whether it answered while somebody waited: who waits may be older than who reads.
    answers: u64,
}

impl Known {
    fn is_relied_on(&self, now: OffsetDateTime) -> bool {
        is_within(self.read_at, RELIED_ON, now)
    }

    fn was_asked(&self, now: OffsetDateTime) -> bool {
        is_within(self.asked_at, KEPT, now)
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
        let reading = Arc::clone(&self.0.known.reading);
        // Who knows the key has no reason to wait while somebody else reads.
        let turn = match (Arc::clone(&reading).try_lock_owned(), &found) {
            (Ok(turn), _) => Some(turn),
            (Err(_somebody_reads), Some(_)) => return found,
            (Err(_somebody_reads), None) => None,
        };
        let asked = async {
            let turn = match turn {
                Some(turn) => turn,
                None => reading.lock_owned().await,
            };
            if self.0.known.get().answers == known.answers {
                let _ended = self.ask(turn, store, now).await;
            }
        };
        let _in_time = timeout(PATIENCE, asked).await;
        self.0.known.get().keys.find(kid).cloned()
    }

    /// Reads the table. It goes on when the client hangs up: others wait for it, and one who hangs up again and again would
    /// have it read each time.
    fn ask(&self, turn: OwnedMutexGuard<()>, store: &Store, now: OffsetDateTime) -> JoinHandle<()> {
        let (keys, store) = (self.clone(), store.clone());
        tokio::task::spawn(async move {
            match store.keys().list().await {
                Ok(rows) => keys.learn(&rows, now),
                Err(error) => {
                    keys.0.known.change(|known| {
                        known.asked_at = Some(now);
                        known.answers = known.answers.wrapping_add(1);
                    });
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the public keys cannot be read; those that are known go on");
                }
            }
            drop(turn);
        })
    }

    /// Takes note of what the table holds.
    pub(super) fn learn(&self, keys: &[StoredKey], now: OffsetDateTime) {
        let keys = Arc::new(self.shown(keys, now));
        self.0.known.change(|known| {
            let answers = known.answers.wrapping_add(1);
            *known = Known { keys, read_at: Some(now), asked_at: Some(now), answers };
        });
    }
}
