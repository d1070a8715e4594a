//! The verification: a single-use proof sent out of band.

use base64::Engine;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::base64url::BASE64URL;
use crate::id::VerificationId;
use crate::secret::Secret;

/// A row of the `verification` table.
///
/// ```
/// use auth_core::Verification;
///
/// let identifier = "reset-password:Zk3vQ9xT1mNf8sLb2RcWd7Yh";
/// let column = Verification::hashed_identifier(identifier);
/// assert_eq!(column.len(), 43, "SHA-256 in base64url: a leaked table resets no password");
/// ```
#[derive(Clone, Debug)]
pub struct Verification {
    /// Primary key.
    pub id: VerificationId,
    /// Purpose and secret, such as `reset-password:<24 characters>`.
    pub identifier: Secret<String>,
    /// Data about the proof; its form depends on the purpose.
    pub value: String,
    /// When the proof expires, to the millisecond.
    pub expires_at: OffsetDateTime,
    /// When the row was created, to the millisecond.
    pub created_at: OffsetDateTime,
    /// When the row last changed, to the millisecond.
    pub updated_at: OffsetDateTime,
}

impl Verification {
    /// Returns the hash that replaces an identifier if identifiers are stored hashed
    /// (`verification.storeIdentifier` is `hashed`). An attacker who reads the table cannot use a hash in
    /// place of the identifier (Better Auth core §8.8).
    pub fn hashed_identifier(identifier: &str) -> String {
        BASE64URL.encode(Sha256::digest(identifier))
    }
}
