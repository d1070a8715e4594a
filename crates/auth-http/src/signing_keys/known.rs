//! Public keys in the memory of this process, so that a signature is verified without a database query
//! (Better Auth plugins §3.6).
//!
//! The `kid` is chosen by the attacker. So an unknown `kid` makes the server read the table at most once per
//! [`KEY_CACHE_TTL`]. Requests that arrive during the read wait for its result, at most [`READ_WAIT`], and hold no
//! connection while they wait.

use std::sync::{Arc, Mutex, PoisonError};

use auth_core::{JwkSet, Kid, StoredKey, VerificationKey};
use auth_store::Store;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::moment::is_within;
use super::{KEY_CACHE_TTL, READ_WAIT, STALE_KEY_TTL, SigningKeys};

/// Public keys, and when they were read.
#[derive(Default)]
pub(super) struct KnownKeys {
    current: Mutex<Known>,
    /// Held while the table is read.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<JwkSet>,
    /// When the table was last read successfully.
    read_at: Option<OffsetDateTime>,
    /// When the table was last read, successfully or not.
    asked_at: Option<OffsetDateTime>,
    /// Number of finished reads. Times cannot show whether a read finished while a request waited, because
    /// the waiting request may have started before the reading one.
    answers: u64,
}

impl Known {
    fn is_relied_on(&self, now: OffsetDateTime) -> bool {
        is_within(self.read_at, STALE_KEY_TTL, now)
    }

    fn was_asked(&self, now: OffsetDateTime) -> bool {
        is_within(self.asked_at, KEY_CACHE_TTL, now)
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
    /// Finds the published key with a key id; `None` if there is none, or if it cannot be determined.
    ///
    /// While the table cannot be read, known keys remain in use. The tokens and caches that they verify still
    /// expire.
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
        // A request that knows the key does not wait for another request's read.
        let turn = match (Arc::clone(&reading).try_lock_owned(), &found) {
            (Ok(turn), _) => Some(turn),
            (Err(_read_under_way), Some(_)) => return found,
            (Err(_read_under_way), None) => None,
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
        let _in_time = timeout(READ_WAIT, asked).await;
        self.0.known.get().keys.find(kid).cloned()
    }

    /// Reads the table. The read continues if the client disconnects, because other requests wait for it.
    /// Otherwise, a client that disconnects repeatedly could cause a read each time.
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

    /// Keeps the keys that were read from the table.
    pub(super) fn learn(&self, keys: &[StoredKey], now: OffsetDateTime) {
        let keys = Arc::new(self.shown(keys, now));
        self.0.known.change(|known| {
            let answers = known.answers.wrapping_add(1);
            *known = Known { keys, read_at: Some(now), asked_at: Some(now), answers };
        });
    }
}
