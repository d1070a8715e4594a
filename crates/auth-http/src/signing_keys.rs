//! The keys that sign the tokens of Better Auth's `jwt` plugin: which key signs, and when a new one is
//! created (Better Auth plugins §3.5).
//!
//! The keys are rows in the database. Any number of servers share them, including Better Auth on Node. Every
//! request for `/jwks` reads the table, so that it shows a key that another server has just created. Signing
//! reads the table too, and then reuses the decrypted key for [`KEY_CACHE_TTL`]. During that time, a server may sign
//! with a key that another server has replaced, which every verifier still knows, or with a key whose row was
//! deleted, which no verifier knows.
//!
//! If the settings say so, these keys also sign the cookie cache. Public keys are then kept in memory
//! (`known`), so that a cookie cache is verified without a database query, and it can still be signed while
//! the database is busy (`copies`).
//!
//! A key is replaced when a token is requested after the key's end. If several requests or servers find no
//! valid key at the same time, one of them stores a new one. Better Auth on Node takes no lock, so it and
//! this server may both store a key; both keys are valid.

mod cookie_cache_key;
mod known;
mod moment;
pub(crate) mod settings;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use auth_core::{
    CookieCacheError, JwkSet, JwsAlgorithm, JwtIssueError, JwtIssuer, KeyId, KeyPair, KeyPairError, Kid,
    ParseJwkError, PrivateJwk, PublicJwk, Purpose, Secret, SigningKey, StoredKey, SymmetricKeys, User,
    VerificationKey, VersionedSecrets,
};
use auth_store::{Store, StoreError};
use time::{Duration, OffsetDateTime};
use tokio::task::JoinError;

use crate::signing_keys::settings::JwtSettings;
use crate::web::error::ApiError;
use cookie_cache_key::CookieCacheKeyReads;
use known::KnownKeys;
use moment::is_within;

/// How long a key is reused for signing before the table is read again.
pub const KEY_CACHE_TTL: Duration = Duration::seconds(5);

/// How long keys in memory are used for the cookie cache while the table cannot be read. During that time, a
/// key whose row was deleted still verifies what it signed, and still signs if the deletion cannot be
/// seen.
const STALE_KEY_TTL: Duration = Duration::seconds(60);

/// How long a request waits for keys that it can do without. Even if the longest database operation follows,
/// the request is answered within five seconds.
pub const READ_WAIT: std::time::Duration = std::time::Duration::from_millis(400);

/// Signs tokens and publishes public keys. Cheap to clone; all workers share one, so that they create only
/// one key.
#[derive(Clone)]
pub struct SigningKeys(Arc<Shared>);

struct Shared {
    settings: JwtSettings,
    secrets: SymmetricKeys,
    current: Mutex<Option<Current>>,
    /// Held while a key is created. It contains a key that was created but could not be stored, so that
    /// requests do not each create a key while the database refuses to store one.
    making: tokio::sync::Mutex<Option<StoredKey>>,
    /// Public keys that verify the cookie cache.
    known: KnownKeys,
    /// The state of reading the key that signs the cookie cache.
    cookie_cache_key_reads: CookieCacheKeyReads,
}

/// The current signing key.
#[derive(Clone)]
struct Current {
    key: SigningKey,
    expires_at: Option<OffsetDateTime>,
    read_at: OffsetDateTime,
}

/// A stored key and its state, for the operator.
#[derive(Debug)]
pub struct KeyReport {
    /// The row.
    pub key: StoredKey,
    /// Whether it is the current signing key.
    pub signs: bool,
    /// Whether it is published to clients.
    pub published: bool,
    /// Why this server cannot sign with it, if it cannot.
    pub unusable: Option<SigningError>,
}

/// Why no token was signed, or no key created. No error contains a key.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The table could not be read or written.
    #[error("the keys are not available")]
    Store(#[source] StoreError),
    /// No key pair could be created.
    #[error("no key was made")]
    Make(#[source] KeyPairError),
    /// The task that created a key or signed with one did not finish.
    #[error("work with a key was interrupted")]
    Interrupted(#[source] JoinError),
    /// The signing key cannot be decrypted, because the secret differs from the one under which it was
    /// created.
    #[error(
        "private key `{kid}` cannot be used; restore the secret it was made under, or make a new key with `auth-server keys rotate`"
    )]
    Open {
        /// Id of the key.
        kid: String,
        /// What is wrong with it.
        #[source]
        source: KeyPairError,
    },
    /// The signing key has an algorithm that this server does not support, or an id that a token cannot
    /// contain.
    #[error(
        "key `{kid}` is of an algorithm that cannot be used here; make a new key with `auth-server keys rotate`"
    )]
    Algorithm {
        /// Id of the key.
        kid: String,
    },
    /// The key was deleted while it was being created.
    #[error("no key is there after one was made")]
    Vanished,
    /// The token could not be signed.
    #[error("the token was not signed")]
    Issue(#[source] JwtIssueError),
    /// The server has no base URL that tokens could contain.
    #[error("the server has no address of its own")]
    NoAddress,
    /// The cookie cache could not be signed.
    #[error("the copy was not signed")]
    Copy(#[source] CookieCacheError),
}

impl From<SigningError> for ApiError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Store(error) => error.into(),
            SigningError::Make(_)
            | SigningError::Interrupted(_)
            | SigningError::Open { .. }
            | SigningError::Algorithm { .. }
            | SigningError::Vanished
            | SigningError::Issue(_)
            | SigningError::NoAddress
            | SigningError::Copy(_) => Self::internal(error),
        }
    }
}

impl SigningKeys {
    /// Takes the settings of keys and the secrets that encrypt them. Nothing is read or created yet.
    pub fn new(settings: &JwtSettings, secrets: &VersionedSecrets) -> Self {
        Self(Arc::new(Shared {
            secrets: SymmetricKeys::derive(secrets, Purpose::Stored),
            settings: settings.clone(),
            current: Mutex::default(),
            making: tokio::sync::Mutex::default(),
            known: KnownKeys::default(),
            cookie_cache_key_reads: CookieCacheKeyReads::default(),
        }))
    }

    /// Signs an issuer's token for a user. The first call, and the first after a key's end, also creates a
    /// key.
    ///
    /// # Errors
    ///
    /// [`SigningError`].
    pub async fn sign(
        &self,
        issuer: &JwtIssuer,
        store: &Store,
        user: &User,
        now: OffsetDateTime,
    ) -> Result<Secret<String>, SigningError> {
        let key = self.current(store, now).await?;
        if !is_slow(&key) {
            return issuer.issue(user, &key, now).map_err(SigningError::Issue);
        }
        let (issuer, user) = (issuer.clone(), user.clone());
        let signed = tokio::task::spawn_blocking(move || issuer.issue(&user, &key, now));
        signed.await.map_err(SigningError::Interrupted)?.map_err(SigningError::Issue)
    }

    /// Returns the published keys. Creates the first one if there is none.
    ///
    /// # Errors
    ///
    /// [`SigningError`]. A row without a valid key is left out.
    pub async fn published(&self, store: &Store, now: OffsetDateTime) -> Result<JwkSet, SigningError> {
        let mut keys = store.keys().list().await.map_err(SigningError::Store)?;
        if keys.is_empty() {
            keys = self.replace(store, now).await?;
        }
        Ok(self.shown(&keys, now))
    }

    /// Lists all keys and their state.
    ///
    /// # Errors
    ///
    /// [`SigningError::Store`].
    pub async fn list(&self, store: &Store, now: OffsetDateTime) -> Result<Vec<KeyReport>, SigningError> {
        let keys = store.keys().list().await.map_err(SigningError::Store)?;
        let signing = self.choose(&keys, now).map(|key| key.id.clone());
        let report = |key: StoredKey| KeyReport {
            signs: signing.as_ref() == Some(&key.id),
            published: self.is_published(&key, now),
            unusable: self.open(&key).err(),
            key,
        };
        Ok(keys.into_iter().map(report).collect())
    }

    /// Creates a new key, which signs from now on. The other keys are kept, so that the tokens that they
    /// signed can be verified until they expire.
    ///
    /// # Errors
    ///
    /// [`SigningError`].
    pub async fn rotate(&self, store: &Store, now: OffsetDateTime) -> Result<StoredKey, SigningError> {
        let key = self.generate(now).await?;
        let key = store.keys().insert(&key).await.map_err(SigningError::Store)?;
        log_made(&key);
        Ok(key)
    }

    /// Returns the published keys. A row without a valid key is left out.
    fn shown(&self, keys: &[StoredKey], now: OffsetDateTime) -> JwkSet {
        let mut set = JwkSet::default();
        for key in keys.iter().filter(|key| self.is_published(key, now)) {
            match self.public(key) {
                Ok(key) => set.insert(key),
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(kid = key.id.as_str(), error, "a stored key is not shown");
                }
            }
        }
        set
    }

    /// Returns the current signing key.
    async fn current(&self, store: &Store, now: OffsetDateTime) -> Result<SigningKey, SigningError> {
        match self.remembered(KEY_CACHE_TTL, now) {
            Some(key) => Ok(key),
            None => self.read(store, now).await,
        }
    }

    /// Returns the last signing key; `None` if it has ended or was read longer than `span` ago.
    fn remembered(&self, span: Duration, now: OffsetDateTime) -> Option<SigningKey> {
        let current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Current { key, expires_at, read_at } = current.as_ref()?;
        let lives = expires_at.is_none_or(|end| end > now);
        (lives && is_within(Some(*read_at), span, now)).then(|| key.clone())
    }

    async fn read(&self, store: &Store, now: OffsetDateTime) -> Result<SigningKey, SigningError> {
        let mut keys = store.keys().list().await.map_err(SigningError::Store)?;
        if self.choose(&keys, now).is_none() {
            keys = self.replace(store, now).await?;
        }
        if self.0.settings.session_cookie_cache {
            self.learn(&keys, now);
        }
        let opened = self.choose(&keys, now).ok_or(SigningError::Vanished).and_then(|stored| {
            Ok(Current { key: self.open(stored)?, expires_at: stored.expires_at, read_at: now })
        });
        // The table has answered. If its key cannot be used, an older key must not be used instead.
        let current = opened.as_ref().ok().cloned();
        *self.0.current.lock().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(opened?.key)
    }

    /// Creates a key, unless another task does so at the same time, and returns all keys. The task continues
    /// if the client disconnects; otherwise the next request would have to start again.
    async fn replace(&self, store: &Store, now: OffsetDateTime) -> Result<Vec<StoredKey>, SigningError> {
        let (keys, store) = (self.clone(), store.clone());
        let made = tokio::task::spawn(async move {
            let mut spare = match keys.0.making.try_lock() {
                Ok(turn) => turn,
                Err(_somebody_makes_one) => {
                    let turn = keys.0.making.lock().await;
                    let all = store.keys().list().await.map_err(SigningError::Store)?;
                    if keys.choose(&all, now).is_some() {
                        return Ok(all);
                    }
                    turn
                }
            };
            let new = match spare.take() {
                Some(unstored) => keys.dated(unstored, now),
                None => keys.generate(now).await?,
            };
            let stored = store.keys().insert_unless_replaced(&new, now).await;
            match &stored {
                Ok(all) => all.iter().filter(|key| key.public_key == new.public_key).for_each(log_made),
                Err(_) => *spare = Some(new),
            }
            stored.map_err(SigningError::Store)
        });
        made.await.map_err(SigningError::Interrupted)?
    }

    /// Creates a key pair on a blocking thread, because an RSA key takes up to seconds of CPU time.
    async fn generate(&self, now: OffsetDateTime) -> Result<StoredKey, SigningError> {
        let keys = self.clone();
        let made = tokio::task::spawn_blocking(move || keys.generate_here(now));
        made.await.map_err(SigningError::Interrupted)?.map_err(SigningError::Make)
    }

    fn generate_here(&self, now: OffsetDateTime) -> Result<StoredKey, KeyPairError> {
        let JwtSettings { algorithm, rsa_modulus_length, .. } = self.0.settings;
        let mut rng = rand::rng();
        let KeyPair { public, private } = KeyPair::generate(algorithm, rsa_modulus_length)?;
        let private_key = if self.0.settings.disable_private_key_encryption {
            private.expose().to_owned()
        } else {
            private.seal(&self.0.secrets, &mut rng)?
        };
        let key = StoredKey {
            id: KeyId::generate(&mut rng),
            public_key: public.to_json(),
            private_key: Secret::new(private_key),
            created_at: now,
            expires_at: None,
            algorithm: Some(algorithm.as_str().to_owned()),
            curve: algorithm.curve().map(ToOwned::to_owned),
        };
        Ok(self.dated(key, now))
    }

    /// Sets the key's creation time to now, and its end accordingly.
    fn dated(&self, key: StoredKey, now: OffsetDateTime) -> StoredKey {
        let interval = self.0.settings.rotation_interval;
        let expires_at = interval.and_then(|interval| now.checked_add(interval));
        StoredKey { created_at: now, expires_at, ..key }
    }

    fn choose<'k>(&self, keys: &'k [StoredKey], now: OffsetDateTime) -> Option<&'k StoredKey> {
        StoredKey::signing(keys, self.0.settings.algorithm.as_str(), now)
    }

    fn is_published(&self, key: &StoredKey, now: OffsetDateTime) -> bool {
        key.is_published(now, self.0.settings.grace_period)
    }

    fn open(&self, stored: &StoredKey) -> Result<SigningKey, SigningError> {
        let kid = || stored.id.as_str().to_owned();
        let (Some(algorithm), Some(name)) = (self.algorithm(stored), Kid::parse(kid())) else {
            return Err(SigningError::Algorithm { kid: kid() });
        };
        let signing = PrivateJwk::open(algorithm, stored.private_key.expose(), &self.0.secrets)
            .and_then(|private| private.signing_key(name))
            .map_err(|source| SigningError::Open { kid: kid(), source })?;
        match self.public(stored) {
            Ok(public) if signing.fits(&public) => Ok(signing),
            // Tokens that it signs could not be verified.
            _ => Err(SigningError::Open { kid: kid(), source: KeyPairError::Mismatch }),
        }
    }

    fn public(&self, stored: &StoredKey) -> Result<VerificationKey, UnusablePublicKey> {
        let algorithm = self.algorithm(stored).ok_or(UnusablePublicKey::Algorithm)?;
        let kid = Kid::parse(stored.id.as_str()).ok_or(UnusablePublicKey::Name)?;
        let jwk = PublicJwk::parse(algorithm, &stored.public_key).map_err(UnusablePublicKey::Key)?;
        VerificationKey::new(kid, jwk).map_err(UnusablePublicKey::Key)
    }

    /// A row from an old version names no algorithm and has the configured one.
    fn algorithm(&self, stored: &StoredKey) -> Option<JwsAlgorithm> {
        stored.algorithm.as_deref().map_or(Some(self.0.settings.algorithm), JwsAlgorithm::parse)
    }
}

/// Called after the key is stored, because the table may have given it another id.
fn log_made(key: &StoredKey) {
    tracing::info!(kid = key.id.as_str(), algorithm = key.algorithm.as_deref(), "made a key");
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

/// Whether signing with a key is too slow for a thread that also serves other requests. Larger keys are
/// slower.
fn is_slow(key: &SigningKey) -> bool {
    match key.algorithm() {
        JwsAlgorithm::EdDsa | JwsAlgorithm::Es256 | JwsAlgorithm::Es512 => false,
        JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256 => true,
    }
}

/// Why a row's public key is not published.
#[derive(Debug, thiserror::Error)]
enum UnusablePublicKey {
    #[error("the algorithm is unknown here")]
    Algorithm,
    #[error("no token can name the key")]
    Name,
    #[error("the public half is no key")]
    Key(#[source] ParseJwkError),
}
