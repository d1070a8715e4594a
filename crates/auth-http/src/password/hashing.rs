//! Password hashing off the request threads, bounded in cost and alike in time.
//!
//! A hash takes tens of milliseconds and tens of MiB on purpose, so who may run one, and how many wait, is
//! decided in [`HashingQueue`]. What is run keeps failed sign-ins indistinguishable: a database may hold
//! hashes of several schemes, and the time of a failure must tell neither whether an account exists nor which
//! scheme its hash has. So a failure always costs one hash of *every* scheme that this server has met,
//! whether one of them was the account's own or none.

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

/// Hashes and checks passwords; cheap to clone, and one for all workers, so that its bounds hold for the
/// process.
#[derive(Clone, Debug)]
pub struct Hashing {
    queue: HashingQueue,
    hasher: Hasher,
    rehash_on_sign_in: bool,
    seen: Arc<SeenSchemes>,
    learning: Arc<Learning>,
}

/// What became of a password that somebody signs in with.
#[derive(Debug)]
pub enum Verified {
    /// It is the account's.
    Right {
        /// The same password under the configured hasher, where the stored hash is older and
        /// `password.rehash_on_sign_in` is on.
        rehashed: Option<StoredHash>,
    },
    /// It is not, or there is no account, or the account has no password, or its hash is malformed: all alike
    /// to the caller.
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
    /// Makes the queue and remembers the configured scheme.
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

    /// Hashes a password that is being set.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] where too many wait, [`HashingError::Failed`] where the hash function
    /// fails.
    pub async fn hash(&self, password: Password) -> Result<StoredHash, HashingError> {
        let hasher = self.hasher;
        self.queue
            .run(move || hasher.hash(&password, &mut rand::rng()))
            .await?
            .map_err(|error| HashingError::Failed(Box::new(error)))
    }

    /// Meets the schemes of a database before the first password is checked, so that not even the first
    /// failure after a start tells whether an account exists. Where it fails it is tried again with the next
    /// password, until [`Hashing::stop_learning`].
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

    /// Lets schemes be met one by one from now on, for a database that answers, but not to that question: a
    /// table too large to be read within a statement's time.
    pub(crate) fn stop_learning(&self) {
        self.learning.end();
    }

    /// Checks a password against an account's hash, where there is one; a failure costs the same whatever its
    /// reason. A malformed hash is logged under the user's id.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] where too many wait, [`HashingError::Failed`] where the hash function
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

    /// Refuses at once what would be refused after the database was asked.
    ///
    /// # Errors
    /// [`HashingError::Overloaded`] where too many wait.
    pub async fn admit(&self) -> Result<(), HashingError> {
        self.queue.admit().await
    }

    /// Number of hashes that wait for a permit.
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }
}

/// Picks what a failure still has to pay for once the account's own hash, if there is one, was verified.
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
