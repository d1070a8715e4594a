//! The minimum and maximum length of a password.

use super::plaintext::Password;

/// Limits on a password's length in UTF-16 code units. They apply wherever a password is set. There are no
/// rules on composition (NIST SP 800-63B-4 §3.1.1.2).
///
/// ```
/// use auth_core::{Password, PasswordPolicy};
///
/// let policy = PasswordPolicy::new(12, 128)?;
/// assert!(policy.check(&Password::new("correct horse")).is_ok());
/// assert!(policy.check(&Password::new("hunter2")).is_err());
/// # Ok::<(), auth_core::PasswordPolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    min: usize,
    max: usize,
}

/// Why a password was refused.
///
/// ```
/// use auth_core::{Password, PasswordLengthError, PasswordPolicy};
///
/// let error = PasswordPolicy::default().check(&Password::new("hunter2")).unwrap_err();
/// assert_eq!(error, PasswordLengthError::TooShort { min: 8 });
/// assert_eq!(error.to_string(), "password is shorter than 8 UTF-16 units");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordLengthError {
    /// Fewer code units than the minimum.
    #[error("password is shorter than {min} UTF-16 units")]
    TooShort {
        /// The minimum.
        min: usize,
    },
    /// More code units than the maximum.
    #[error("password is longer than {max} UTF-16 units")]
    TooLong {
        /// The maximum.
        max: usize,
    },
}

/// Why the limits were refused.
///
/// ```
/// use auth_core::{PasswordPolicy, PasswordPolicyError};
///
/// assert_eq!(PasswordPolicy::new(0, 128), Err(PasswordPolicyError), "an empty password is none");
/// assert_eq!(PasswordPolicy::new(8, 1_000_000), Err(PasswordPolicyError), "a hash would take too long");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "password length must go from 1 or more up to {} at most, least before most",
    PasswordPolicy::LARGEST_MAX
)]
pub struct PasswordPolicyError;

impl PasswordPolicy {
    /// The largest maximum in UTF-16 code units. It limits the text that one hash has to normalise and
    /// digest.
    pub const LARGEST_MAX: usize = 4_096;

    /// Creates a policy from a minimum and a maximum, both inclusive.
    ///
    /// # Errors
    ///
    /// [`PasswordPolicyError`] unless `1 ≤ min ≤ max ≤` [`PasswordPolicy::LARGEST_MAX`].
    pub fn new(min: usize, max: usize) -> Result<Self, PasswordPolicyError> {
        if min == 0 || min > max || max > Self::LARGEST_MAX {
            return Err(PasswordPolicyError);
        }
        Ok(Self { min, max })
    }

    /// Checks a password before it is set.
    ///
    /// # Errors
    ///
    /// [`PasswordLengthError::TooShort`] or [`PasswordLengthError::TooLong`].
    pub fn check(&self, password: &Password) -> Result<(), PasswordLengthError> {
        let length = password.utf16_length();
        if length < self.min {
            Err(PasswordLengthError::TooShort { min: self.min })
        } else if length > self.max {
            Err(PasswordLengthError::TooLong { max: self.max })
        } else {
            Ok(())
        }
    }
}

impl Default for PasswordPolicy {
    /// Better Auth's limits, 8 and 128 (1.7.25, `emailAndPassword`).
    fn default() -> Self {
        Self { min: 8, max: 128 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_037_length_counts_utf_16_units_of_the_raw_text() {
        let check = |text: &str, expected: Result<(), PasswordLengthError>| {
            assert_eq!(PasswordPolicy::default().check(&Password::new(text)), expected, "{text:?}");
        };
        let short = Err(PasswordLengthError::TooShort { min: 8 });
        let long = Err(PasswordLengthError::TooLong { max: 128 });
        check("", short);
        check("1234567", short);
        check("12345678", Ok(()));
        check(" 123456 ", Ok(()));
        check("        ", Ok(()));
        check(&"a".repeat(128), Ok(()));
        check(&"a".repeat(129), long);
        check("🔐🔐🔐", short);
        check("🔐🔐🔐🔐", Ok(()));
        check(&"🔐".repeat(64), Ok(()));
        check(&"🔐".repeat(65), long);
        // One code unit before normalisation, 18 characters after it.
        check("\u{fdfa}", short);
        // Sixteen code units that normalise to eight.
        check(&"e\u{301}".repeat(4), Ok(()));
        check("a\0b\0c\0d\0", Ok(()));
    }

    #[test]
    fn bounds_that_make_no_sense_are_refused() {
        for (min, max) in [(0, 8), (9, 8), (8, 4_097)] {
            assert_eq!(PasswordPolicy::new(min, max), Err(PasswordPolicyError), "{min}..={max}");
        }
        assert!(PasswordPolicy::new(15, 64).is_ok());
    }
}
