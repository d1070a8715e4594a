//! Passwords: the length policy, the stored hashes, and the schemes that create and verify them.
//!
//! | scheme | stored text | written | verified |
//! |---|---|---|---|
//! | argon2id (RFC 9106) | PHC text `$argon2id$v=19$m=…,t=…,p=…$salt$hash` | by default | yes |
//! | Better Auth's scrypt | `<salt as hex>:<key as hex>` | on request | yes |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$` | never | yes |
//!
//! argon2id and scrypt hash the password in Unicode normalisation form NFKC, as Better Auth does. The same
//! letters typed on two keyboards are then the same password. bcrypt hashes the bytes as received, because
//! the applications that wrote such hashes did not normalise.

mod argon2id;
mod bcrypt;
mod hasher;
mod malformed;
mod plaintext;
mod policy;
mod scrypt;
mod stored_hash;

pub use self::argon2id::{Argon2idParams, Argon2idParamsError};
pub use self::hasher::{HashError, Hasher};
pub use self::malformed::MalformedHash;
pub use self::plaintext::Password;
pub use self::policy::{PasswordLengthError, PasswordPolicy, PasswordPolicyError};
pub use self::stored_hash::{Scheme, StoredHash};

#[cfg(test)]
mod tests;
