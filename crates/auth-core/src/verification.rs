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
    /// What the proof is about; its form depends on the purpose.
    pub value: String,
    /// When it ends, to the millisecond.
    pub expires_at: OffsetDateTime,
    /// When the row was made, to the millisecond.
    pub created_at: OffsetDateTime,
    /// When the row last changed, to the millisecond.
    pub updated_at: OffsetDateTime,
}

impl Verification {
    /// Gives the text that stands for an identifier where identifiers are stored hashed
    /// (`verification.storeIdentifier` is `hashed`): who reads the table then cannot use what is in it
    /// (Better Auth core §8.8).
    pub fn hashed_identifier(identifier: &str) -> String {
        BASE64URL.encode(Sha256::digest(identifier))
    }
}
