//! A stored hash and the scheme that its text indicates.

use std::fmt;

use super::argon2id::{self, Argon2idParams};
use super::malformed::MalformedHash;
use super::{bcrypt, scrypt};
use crate::secret::Secret;

/// A password hash from the `account.password` column.
///
/// ```
/// use auth_core::{Scheme, StoredHash};
///
/// # let column = "$2b$12$4284LurkYFhYVkYMoGXmbunyG2PVZftrmOykr/x2a.clU8WT7YyA.";
/// let stored = StoredHash::from_stored(column);
/// assert_eq!(stored.scheme(), Some(Scheme::Bcrypt { cost: 12 }));
/// assert_eq!(StoredHash::from_stored("hunter2").scheme(), None, "a password in clear is no hash");
/// ```
#[derive(Clone, Debug)]
pub struct StoredHash(Secret<String>);

impl StoredHash {
    /// Wraps a hash from the database. Its form is checked only when it is verified.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(Secret::new(text.into()))
    }

    /// Returns the stored text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Returns the scheme and cost of the hash; `None` if it is malformed.
    pub fn scheme(&self) -> Option<Scheme> {
        Parsed::read(self.expose()).ok().map(|parsed| parsed.scheme())
    }
}

/// How a hash was created, including its cost. Hashes with equal values cost the same to verify.
///
/// ```
/// use auth_core::{Hasher, Scheme, StoredHash};
///
/// # let column = format!("{}:{}", "0f".repeat(16), "a7".repeat(64));
/// let stored = StoredHash::from_stored(column);
/// assert_eq!(stored.scheme(), Some(Scheme::BetterAuthScrypt), "written by a Node server");
/// assert_eq!(Hasher::default().scheme().to_string(), "argon2id(m=19456,t=2,p=1)");
/// assert!(Hasher::default().needs_rehash(&stored), "at the user's next sign-in");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// argon2id with these costs.
    Argon2id(Argon2idParams),
    /// Better Auth's scrypt, whose cost is fixed: N=16384, r=16, p=1, 32 MiB.
    BetterAuthScrypt,
    /// bcrypt.
    Bcrypt {
        /// Binary logarithm of the rounds, 4 to 16.
        cost: u8,
    },
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argon2id(params) => write!(f, "argon2id({params})"),
            Self::BetterAuthScrypt => f.write_str("scrypt(N=16384,r=16,p=1)"),
            Self::Bcrypt { cost } => write!(f, "bcrypt(cost={cost})"),
        }
    }
}

/// A parsed stored hash.
pub(super) enum Parsed<'t> {
    Argon2id(argon2id::Parsed),
    BetterAuthScrypt(scrypt::Parsed<'t>),
    Bcrypt(bcrypt::Parsed<'t>),
}

impl<'t> Parsed<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, MalformedHash> {
        if text.starts_with("$argon2id$") {
            argon2id::Parsed::read(text).map(Self::Argon2id)
        } else if text.starts_with("$2") {
            bcrypt::Parsed::read(text).map(Self::Bcrypt)
        } else if text.contains(':') {
            scrypt::Parsed::read(text).map(Self::BetterAuthScrypt)
        } else {
            Err(MalformedHash::UnknownScheme)
        }
    }

    pub(super) fn scheme(&self) -> Scheme {
        match self {
            Self::Argon2id(parsed) => Scheme::Argon2id(parsed.params()),
            Self::BetterAuthScrypt(_) => Scheme::BetterAuthScrypt,
            Self::Bcrypt(parsed) => Scheme::Bcrypt { cost: parsed.cost() },
        }
    }
}
