//! The cookie cache of a session, and the key that signs it (Better Auth plugins §3.6).
//!
//! The cookie cache reduces the load on the database, so it must keep working when the database is busy. If
//! the table is slow or cannot be read, the last decrypted key is used for up to [`STALE_KEY_TTL`], as public
//! keys are. Only one request at a time reads the table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use auth_core::{CachedValue, KeyedCookieCache, Remember, SigningKey, UserSession};
use auth_store::Store;
use time::OffsetDateTime;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::moment::is_within;
use super::{KEY_CACHE_TTL, READ_WAIT, STALE_KEY_TTL, SigningError, SigningKeys, is_slow};

/// The state of reading the key that signs the cookie cache.
#[derive(Default)]
pub(super) struct CookieCacheKeyReads {
    last: Mutex<Reads>,
    /// Held while the table is read for a key, until the read has succeeded or failed.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Copy, Default)]
struct Reads {
    /// Number of finished reads.
    ended: u64,
    /// When the last read failed; `None` if it succeeded.
    failed_at: Option<OffsetDateTime>,
    /// Whether the cookie cache cannot be written and this was logged.
    is_told: bool,
}

impl CookieCacheKeyReads {
    fn lock(&self) -> MutexGuard<'_, Reads> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SigningKeys {
    /// Signs the cookie cache of a session; `None` if that is not possible. After a failed read, the key is
    /// read again after [`KEY_CACHE_TTL`]. A failure is logged once, and again only after a success in between.
    pub(crate) async fn sign_cookie_cache(
        &self,
        store: &Store,
        cache: &KeyedCookieCache,
        principal: &UserSession,
        remember: Remember,
        now: OffsetDateTime,
    ) -> Option<CachedValue> {
        let key = self.cookie_cache_key(store, now).await?;
        match sign(key, cache, principal, remember, now).await {
            Ok(copy) => {
                self.0.cookie_cache_key_reads.lock().is_told = false;
                Some(copy)
            }
            Err(error) => {
                self.tell(&error);
                None
            }
        }
    }

    async fn cookie_cache_key(&self, store: &Store, now: OffsetDateTime) -> Option<SigningKey> {
        let before = *self.0.cookie_cache_key_reads.lock();
        if let Some(key) = self.remembered(KEY_CACHE_TTL, now) {
            return Some(key);
        }
        let last = self.remembered(STALE_KEY_TTL, now);
        if is_within(before.failed_at, KEY_CACHE_TTL, now) {
            return last;
        }
        let reading = Arc::clone(&self.0.cookie_cache_key_reads.reading);
        let turn = match (Arc::clone(&reading).try_lock_owned(), &last) {
            (Ok(turn), _) => turn,
            (Err(_read_under_way), Some(_)) => return last,
            (Err(_read_under_way), None) => reading.lock_owned().await,
        };
        if self.0.cookie_cache_key_reads.lock().ended == before.ended {
            let read = self.read_for_cookie_cache(turn, store, now);
            // Without an earlier key, the request waits for the read to end, since a key may have to be
            // created.
            let _ended = match last {
                Some(_) => timeout(READ_WAIT, read).await.unwrap_or(Ok(())),
                None => read.await,
            };
        }
        self.remembered(STALE_KEY_TTL, now)
    }

    /// Reads the signing key from the table. The read continues if the client disconnects, because other
    /// requests wait for it.
    fn read_for_cookie_cache(
        &self,
        turn: OwnedMutexGuard<()>,
        store: &Store,
        now: OffsetDateTime,
    ) -> JoinHandle<()> {
        let (keys, store) = (self.clone(), store.clone());
        tokio::task::spawn(async move {
            let read = keys.read(&store, now).await;
            if let Err(error) = &read {
                keys.note_failure(error, now);
            }
            let mut reads = keys.0.cookie_cache_key_reads.lock();
            reads.ended = reads.ended.wrapping_add(1);
            reads.failed_at = read.is_err().then_some(now);
            drop(reads);
            drop(turn);
        })
    }

    fn note_failure(&self, error: &SigningError, now: OffsetDateTime) {
        if self.remembered(STALE_KEY_TTL, now).is_none() {
            self.tell(error);
        } else {
            let error = error as &dyn std::error::Error;
            tracing::warn!(error, "the key that signs copies of sessions cannot be read again; it goes on");
        }
    }

    fn tell(&self, error: &SigningError) {
        if !std::mem::replace(&mut self.0.cookie_cache_key_reads.lock().is_told, true) {
            let error = error as &dyn std::error::Error;
            tracing::error!(error, "sessions are not copied into cookies until their key can be used again");
        }
    }
}

async fn sign(
    key: SigningKey,
    cache: &KeyedCookieCache,
    principal: &UserSession,
    remember: Remember,
    now: OffsetDateTime,
) -> Result<CachedValue, SigningError> {
    if !is_slow(&key) {
        return cache.write(principal, remember, &key, now).map_err(SigningError::Copy);
    }
    let (cache, principal) = (cache.clone(), principal.clone());
    let signed = tokio::task::spawn_blocking(move || cache.write(&principal, remember, &key, now));
    signed.await.map_err(SigningError::Interrupted)?.map_err(SigningError::Copy)
}
