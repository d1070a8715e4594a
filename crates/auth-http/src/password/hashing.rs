//! Password hashing outside the request threads, with bounded cost and uniform time.
//!
//! A hash takes tens of milliseconds and tens of MiB on purpose, so [`HashingQueue`] limits how many hashes
//! run and how many wait. Failed sign-ins must be indistinguishable: a database may hold hashes of
//! several schemes, and the time of a failure must not reveal whether an account exists or which scheme its
//! hash has. So a failure always costs one hash of *every* scheme that this server has seen, whether or not
//! the account has a hash.

mod learning;
mod priority;
mod queue;
mod schemes;

use std::sync::Arc;

use auth_core::{Hasher, Password, Scheme, StoredHash, UserId};

use learning::Learning;
pub use queue::{HashingError, HashingLimits, HashingQueue};
use schemes::SeenSchemes;

use crate::password::settings::PasswordSettings;
use crate::web::error::ApiError;

/// Hashes and verifies passwords. Cheap to clone; all workers share one, so that the limits apply to the
/// whole process.
#[derive(Clone, Debug)]
pub struct Hashing {
    queue: HashingQueue,
    hasher: Hasher,
    rehash_on_sign_in: bool,
    seen: Arc<SeenSchemes>,
    learning: Arc<Learning>,
}

/// The result of verifying a password.
#[derive(Debug)]
pub enum Verified {
    /// The password is the account's.
    Right {
        /// The same password under the configured hasher, if the stored hash is older and
        /// `password.rehash_on_sign_in` is on.
        rehashed: Option<StoredHash>,
    },
    /// The password is wrong, or there is no account, or the account has no password, or its hash is
    /// malformed. The caller cannot distinguish these cases.
    Wrong,
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            HashingError::Failed(_) => Self::internal(error),
        }
    }
}

impl Hashing {
    /// Creates the queue, and records the configured scheme as seen.
    pub fn new(settings: &PasswordSettings) -> Self {
        Self {
            queue: HashingQueue::new(HashingLimits {
                permits: settings.permits,
                queue: settings.queue,
                queue_timeout: settings.queue_timeout,
            }),
            hasher: settings.hasher,
            rehash_on_sign_in: settings.rehash_on_sign_in,
            seen: Arc::new(SeenSchemes::new(settings.hasher.scheme())),
            learning: Arc::default(),
        }
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if too many hashes wait, [`HashingError::Failed`] if the hash function
    /// fails.
    pub async fn hash(&self, password: Password) -> Result<StoredHash, HashingError> {
        let hasher = self.hasher;
        self.queue
            .run(move || hasher.hash(&password, &mut rand::rng()))
            .await?
            .map_err(|error| HashingError::Failed(Box::new(error)))
    }

    /// Learns the schemes that a database uses before the first password is verified, so that even the first
    /// failure after a start does not reveal whether an account exists. If this fails, it is tried again with
    /// the next password, until [`Hashing::stop_learning`] is called.
    pub(crate) async fn learn_once<E: std::error::Error + 'static>(
        &self,
        samples: impl AsyncFnOnce() -> Result<Vec<StoredHash>, E>,
    ) {
        let attempt = async {
            match samples().await {
                Ok(samples) => {
                    samples.iter().for_each(|sample| drop(self.seen.meet(sample.scheme())));
                    true
                }
                Err(error) => {
                    let error: &(dyn std::error::Error + 'static) = &error;
                    tracing::warn!(error, "the schemes of stored passwords cannot be looked at beforehand");
                    false
                }
            }
        };
        self.learning.attempt(attempt).await;
    }

    /// Ends the learning in advance; further schemes are learned as their hashes are verified. This is for a
    /// database that answers other queries but not this one, such as a table that is too large to read within
    /// the statement timeout.
    pub(crate) fn stop_learning(&self) {
        self.learning.end();
    }

    /// Verifies a password against an account's hash, if there is one. A failure costs the same for every
    /// reason. A malformed hash is logged with the user's id.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if too many hashes wait, [`HashingError::Failed`] if the hash function
    /// fails.
    pub async fn verify(
        &self,
        password: Password,
        stored: Option<StoredHash>,
        user: Option<&UserId>,
    ) -> Result<Verified, HashingError> {
        let user = user.cloned();
        let (hasher, seen, rehashes) = (self.hasher, Arc::clone(&self.seen), self.rehash_on_sign_in);
        let request = tracing::Span::current();
        self.queue
            .run(move || {
                let _request = request.entered();
                let own = stored.as_ref().and_then(StoredHash::scheme);
                let schemes = seen.meet(own);
                if let Some(stored) = &stored {
                    match hasher.verify(&password, stored) {
                        Ok(true) => return right(hasher, &password, stored, rehashes),
                        Ok(false) => {}
                        Err(malformed) => {
                            let user_id = user.as_ref().map(UserId::as_str);
                            tracing::warn!(user_id, reason = %malformed, "a stored password hash cannot be verified");
                        }
                    }
                }
                for scheme in decoys(schemes, own) {
                    Hasher::decoy(scheme, &password);
                }
                Ok(Verified::Wrong)
            })
            .await?
    }

    /// Refuses a request early if the queue is full, before the database is queried.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] if too many hashes wait.
    pub async fn admit(&self) -> Result<(), HashingError> {
        self.queue.admit().await
    }

    /// Returns the number of hashes that wait for a permit.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }
}

/// Returns the schemes for which a failure must still compute a hash. The account's own hash, if any, was
/// verified already.
fn decoys(seen: Vec<Scheme>, own: Option<Scheme>) -> impl Iterator<Item = Scheme> {
    seen.into_iter().filter(move |scheme| Some(*scheme) != own)
}

fn right(
    hasher: Hasher,
    password: &Password,
    stored: &StoredHash,
    rehashes: bool,
) -> Result<Verified, HashingError> {
    let rehashed = (rehashes && hasher.needs_rehash(stored))
        .then(|| hasher.hash(password, &mut rand::rng()))
        .transpose()
        .map_err(|error| HashingError::Failed(Box::new(error)))?;
    Ok(Verified::Right { rehashed })
}

#[cfg(test)]
mod tests;
