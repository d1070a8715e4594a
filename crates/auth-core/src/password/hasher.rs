//! Creates and verifies hashes of every scheme.

use rand::CryptoRng;

use super::argon2id::{self, Argon2idParams};
use super::malformed::MalformedHash;
use super::plaintext::Password;
use super::stored_hash::{Parsed, Scheme, StoredHash};
use super::{bcrypt, scrypt};

/// A hash could not be computed. The cause is memory or parameters, never the password.
///
/// ```
/// use auth_core::{HashError, Hasher, Password, StoredHash};
///
/// fn hash(password: &Password) -> Result<StoredHash, HashError> {
///     // An outage, never the user's mistake: the length was checked before.
///     Hasher::better_auth_scrypt().hash(password, &mut rand::rng())
/// }
/// # let scheme = hash(&Password::new("correct horse"))?.scheme().expect("our own");
/// # let error = HashError { scheme, source: "out of memory".into() };
/// assert_eq!(error.to_string(), "password cannot be hashed with scrypt(N=16384,r=16,p=1)");
/// # Ok::<(), HashError>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[error("password cannot be hashed with {scheme}")]
pub struct HashError {
    /// The scheme.
    pub scheme: Scheme,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Writes hashes of one scheme and verifies hashes of all schemes.
///
/// One hash takes tens of milliseconds of one core and tens of MiB, by design. It runs on the calling thread.
/// Servers should run it outside their request threads and limit how many run at once.
///
/// ```
/// use auth_core::{Hasher, Password};
///
/// let hasher = Hasher::default();
/// let stored = hasher.hash(&Password::new("correct horse"), &mut rand::rng())?;
/// assert!(stored.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
/// assert!(hasher.verify(&Password::new("correct horse"), &stored)?);
/// assert!(!hasher.verify(&Password::new("battery staple"), &stored)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hasher {
    writes: Writes,
}

/// The possible schemes of new hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    Argon2id(Argon2idParams),
    BetterAuthScrypt,
}

impl Default for Hasher {
    /// argon2id at the cost that OWASP recommends.
    fn default() -> Self {
        Self::argon2id(Argon2idParams::OWASP)
    }
}

impl Hasher {
    /// Creates a hasher that writes argon2id.
    pub fn argon2id(params: Argon2idParams) -> Self {
        Self { writes: Writes::Argon2id(params) }
    }

    /// Creates a hasher that writes Better Auth's scrypt format, for a database that a Node server uses too.
    pub fn better_auth_scrypt() -> Self {
        Self { writes: Writes::BetterAuthScrypt }
    }

    /// Returns the scheme of new hashes.
    pub fn scheme(&self) -> Scheme {
        match self.writes {
            Writes::Argon2id(params) => Scheme::Argon2id(params),
            Writes::BetterAuthScrypt => Scheme::BetterAuthScrypt,
        }
    }

    /// Hashes a password with a new salt of 128 bits. It does not check the length of the password;
    /// [`PasswordPolicy`](super::PasswordPolicy) does.
    ///
    /// # Errors
    ///
    /// [`HashError`] when the hash function fails.
    pub fn hash(&self, password: &Password, rng: &mut impl CryptoRng) -> Result<StoredHash, HashError> {
        let mut salt = [0_u8; 16];
        rng.fill_bytes(&mut salt);
        let hashed = match self.writes {
            Writes::Argon2id(params) => argon2id::hash(params, &password.normalized(), &salt),
            Writes::BetterAuthScrypt => scrypt::hash(&password.normalized(), &salt),
        };
        hashed.map(StoredHash::from_stored).map_err(|source| HashError { scheme: self.scheme(), source })
    }

    /// Whether the password matches the stored hash, whatever its scheme.
    ///
    /// # Errors
    ///
    /// [`MalformedHash`] if the stored text is not a hash, or if its cost is above the limits of
    /// [`Argon2idParams::new`] or above bcrypt's cost 16. This is checked before any hashing.
    pub fn verify(&self, password: &Password, stored: &StoredHash) -> Result<bool, MalformedHash> {
        match Parsed::read(stored.expose())? {
            Parsed::Argon2id(parsed) => parsed.verify(&password.normalized()),
            Parsed::BetterAuthScrypt(parsed) => parsed.verify(&password.normalized()),
            Parsed::Bcrypt(parsed) => parsed.verify(password.raw()),
        }
    }

    /// Does the work of verifying a hash of `scheme` and discards the result.
    ///
    /// A sign-in with an unknown address, or for an account without a password, calls this. Its time then
    /// does not distinguish it from a wrong password. `scheme` should be the scheme of most accounts.
    pub fn decoy(scheme: Scheme, password: &Password) {
        match scheme {
            Scheme::Argon2id(params) => argon2id::decoy(params, &password.normalized()),
            Scheme::BetterAuthScrypt => scrypt::decoy(&password.normalized()),
            Scheme::Bcrypt { cost } => bcrypt::decoy(cost, password.raw()),
        }
    }

    /// Whether a hash has another scheme or cost than new hashes. This is also true for a malformed hash, but
    /// no password verifies against it.
    pub fn needs_rehash(&self, stored: &StoredHash) -> bool {
        stored.scheme() != Some(self.scheme())
    }
}
