//! Rows of the `jwks` table: which key signs, and which keys are published (Better Auth plugins §3.5).

use time::{Duration, OffsetDateTime};

use crate::id::KeyId;
use crate::secret::Secret;

/// A key pair as the `jwks` table stores it, both keys as text.
///
/// ```
/// use auth_core::{KeyId, Secret, StoredKey};
/// # use time::{Duration, OffsetDateTime};
///
/// # let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
/// let key = |name: &str, created_at, expires_at| StoredKey {
///     id: KeyId::from_stored(name),
///     # public_key: String::new(), private_key: Secret::new(String::new()), algorithm: None, curve: None,
///     created_at,
///     expires_at,
/// };
/// let keys = [key("old", now - Duration::days(9), Some(now)), key("new", now, None)];
/// assert_eq!(StoredKey::signing(&keys, "EdDSA", now).map(|key| key.id.as_str()), Some("new"));
/// assert!(keys.iter().all(|key| key.is_published(now, Duration::days(30))), "tokens of the old one still verify");
/// ```
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// The id, which tokens name as `kid`.
    pub id: KeyId,
    /// The public key as JSON.
    pub public_key: String,
    /// The private key: its JWK, or a JSON string with the encrypted JWK.
    pub private_key: Secret<String>,
    /// When the key was created. The newest key signs.
    pub created_at: OffsetDateTime,
    /// When the key stops signing; `None` if it is never replaced automatically.
    pub expires_at: Option<OffsetDateTime>,
    /// The algorithm; `None`, in rows of old versions, means the configured one.
    pub algorithm: Option<String>,
    /// The curve; `None` for RSA.
    pub curve: Option<String>,
}

impl StoredKey {
    /// Whether the key may still sign.
    ///
    /// ```
    /// # use auth_core::{KeyId, Secret, StoredKey};
    /// # use time::{Duration, macros::datetime};
    /// let now = datetime!(2030-01-15 12:00 UTC);
    /// let mut key = StoredKey { id: KeyId::from_stored("k1"), public_key: String::new(), private_key: Secret::new(String::new()),
    ///     created_at: now, expires_at: None, algorithm: None, curve: None };
    /// assert!(key.is_live(now));
    /// key.expires_at = Some(now);
    /// assert!(!key.is_live(now) && key.is_published(now, Duration::days(30)));
    /// ```
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }

    /// Whether the key is still published. It is published while it signs and for a grace period after that,
    /// so that the last tokens it signed can be verified until they expire (R-130).
    pub fn is_published(&self, now: OffsetDateTime, grace_period: Duration) -> bool {
        self.expires_at.is_none_or(|end| end.checked_add(grace_period).is_none_or(|end| end > now))
    }

    /// Picks the key that signs: the newest live key of the algorithm, or else the newest live key of any
    /// algorithm. `None` if a key must be generated.
    pub fn signing<'k>(keys: &'k [Self], algorithm: &str, now: OffsetDateTime) -> Option<&'k Self> {
        let newest = |of_algorithm: bool| {
            let fits =
                |key: &&Self| !of_algorithm || key.algorithm.as_deref().is_none_or(|name| name == algorithm);
            // Of two keys with the same time the first one counts, as in Better Auth's stable sort.
            let live = keys.iter().filter(|key| key.is_live(now)).filter(fits);
            live.rev().max_by_key(|key| key.created_at)
        };
        newest(true).or_else(|| newest(false))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2030-01-15 12:00 UTC);

    fn key(id: &str, algorithm: Option<&str>, age: i64, left: Option<i64>) -> StoredKey {
        StoredKey {
            id: KeyId::from_stored(id),
            public_key: String::new(),
            private_key: Secret::new(String::new()),
            created_at: NOW - Duration::seconds(age),
            expires_at: left.map(|left| NOW + Duration::seconds(left)),
            algorithm: algorithm.map(ToOwned::to_owned),
            curve: None,
        }
    }

    fn signing(keys: &[StoredKey]) -> Option<&str> {
        StoredKey::signing(keys, "EdDSA", NOW).map(|key| key.id.as_str())
    }

    #[test]
    fn the_newest_live_key_of_the_algorithm_signs_else_the_newest_of_any() {
        let (eddsa, es256) = (Some("EdDSA"), Some("ES256"));
        assert_eq!(signing(&[]), None);
        assert_eq!(signing(&[key("old", eddsa, 9, None), key("new", eddsa, 1, None)]), Some("new"));
        assert_eq!(signing(&[key("own", eddsa, 9, None), key("other", es256, 1, None)]), Some("own"));
        assert_eq!(signing(&[key("a", es256, 9, None), key("b", es256, 1, None)]), Some("b"));
        assert_eq!(signing(&[key("nameless", None, 1, None), key("own", eddsa, 9, None)]), Some("nameless"));
        assert_eq!(signing(&[key("over", eddsa, 1, Some(0)), key("live", eddsa, 9, Some(1))]), Some("live"));
        assert_eq!(signing(&[key("over", eddsa, 1, Some(0)), key("other", es256, 9, None)]), Some("other"));
        assert_eq!(signing(&[key("over", eddsa, 1, Some(0))]), None);
        assert_eq!(signing(&[key("first", eddsa, 1, None), key("second", eddsa, 1, None)]), Some("first"));
    }

    #[test]
    fn r_130_a_key_is_shown_until_its_grace_period_is_over() {
        let grace = Duration::seconds(10);
        assert!(key("k", None, 0, None).is_published(NOW, grace));
        assert!(key("k", None, 0, Some(-9)).is_published(NOW, grace));
        assert!(!key("k", None, 0, Some(-10)).is_published(NOW, grace));
        assert!(key("k", None, 0, Some(0)).is_published(NOW, Duration::MAX), "no date is that late");
    }

    #[test]
    fn r_116_debug_shows_no_private_key() {
        let mut key = key("k", None, 0, None);
        key.private_key = Secret::new("hidden".to_owned());
        assert!(!format!("{key:?}").contains("hidden"));
    }
}
