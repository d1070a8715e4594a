//! Which texts are valid usernames, and in which form they are stored.

use super::settings::{Normalization, UsernameSettings, ValidationOrder};
use super::{INVALID_USERNAME, USERNAME_TOO_LONG, USERNAME_TOO_SHORT};
use crate::web::error_code::ErrorCode;

impl UsernameSettings {
    /// Checks a username as typed, and returns it as it is stored.
    ///
    /// # Errors
    ///
    /// The code for the rule that the username breaks, with the status that sign-in answers with.
    pub(super) fn normalized(&self, typed: &str) -> Result<String, ErrorCode> {
        let stored = match self.normalization {
            Normalization::Lowercase => typed.to_lowercase(),
            Normalization::None => typed.to_owned(),
        };
        self.check(match self.validation_order {
            ValidationOrder::PreNormalization => typed,
            ValidationOrder::PostNormalization => &stored,
        })?;
        Ok(stored)
    }

    /// Checks length and characters. As in the reference, the length is checked first and counted in UTF-16
    /// units. The reference's default validator is `/^[a-zA-Z0-9_.]+$/`.
    fn check(&self, name: &str) -> Result<(), ErrorCode> {
        let length = name.encode_utf16().count();
        if length < self.min_length {
            return Err(USERNAME_TOO_SHORT);
        }
        if length > self.max_length {
            return Err(USERNAME_TOO_LONG);
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        if name.bytes().all(is_allowed) { Ok(()) } else { Err(INVALID_USERNAME) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: UsernameSettings, typed: &str, expected: Result<&str, ErrorCode>) {
        assert_eq!(settings.normalized(typed), expected.map(str::to_owned), "{typed:?} {settings:?}");
    }

    #[test]
    fn names_are_measured_in_utf16_then_checked_then_stored_as_the_settings_say() {
        let settings = UsernameSettings {
            enabled: true,
            min_length: 3,
            max_length: 5,
            normalization: Normalization::Lowercase,
            validation_order: ValidationOrder::PreNormalization,
            display_username: true,
        };
        check(settings, "", Err(USERNAME_TOO_SHORT));
        check(settings, "an", Err(USERNAME_TOO_SHORT));
        check(settings, "A_n.9", Ok("a_n.9"));
        check(settings, "annabel", Err(USERNAME_TOO_LONG));
        check(settings, "\u{1f600}", Err(USERNAME_TOO_SHORT));
        check(settings, "\u{1f600}\u{1f600}", Err(INVALID_USERNAME));
        check(settings, "\u{1f600}\u{1f600}\u{1f600}", Err(USERNAME_TOO_LONG));
        for odd in ["an n", "an-n", "ann\n", "ann\0", "\u{e4}nn", "a@b.c"] {
            check(settings, odd, Err(INVALID_USERNAME));
        }
        // The Kelvin sign is not an ASCII letter, but its lower case is.
        check(settings, "\u{212a}im", Err(INVALID_USERNAME));
        let after = UsernameSettings { validation_order: ValidationOrder::PostNormalization, ..settings };
        check(after, "\u{212a}im", Ok("kim"));
        let kept = UsernameSettings { normalization: Normalization::None, ..settings };
        check(kept, "Ann", Ok("Ann"));
    }
}
