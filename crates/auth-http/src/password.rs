//! Passwords: bounded hashing, attempts per account, and signing up, signing in and changing passwords.
//!
//! These are services. A route only converts the body and the response, so `/login` and `/sign-in/email` are
//! two routes that share one [`sign_in::SignIn`].

pub(crate) mod answer;
pub(crate) mod attempts;
pub(crate) mod change_password;
pub mod hashing;
pub(crate) mod hooks;
pub(crate) mod input;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod sign_up;

use actix_web::http::StatusCode;
use auth_core::PasswordPolicy;

use crate::web::error_code::ErrorCode;
use attempts::PasswordAttempts;
use hashing::Hashing;

/// The password is shorter than the minimum length.
pub(crate) const PASSWORD_TOO_SHORT: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "PASSWORD_TOO_SHORT", "Password too short");
/// The password is longer than the maximum length.
pub(crate) const PASSWORD_TOO_LONG: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "PASSWORD_TOO_LONG", "Password too long");

/// The codes of passwords.
pub(crate) const CODES: &[ErrorCode] = &[
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    sign_in::INVALID_EMAIL,
    sign_in::INVALID_EMAIL_OR_PASSWORD,
    sign_in::EMAIL_PASSWORD_DISABLED,
    sign_up::EMAIL_PASSWORD_SIGN_UP_DISABLED,
    sign_up::USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL,
    sign_up::FAILED_TO_CREATE_USER,
    change_password::CREDENTIAL_ACCOUNT_NOT_FOUND,
    change_password::INVALID_PASSWORD,
];

/// The services that every password check uses. Cheap to clone; all workers share one, so that the limits
/// apply to the whole process.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    /// Computes hashes.
    pub(crate) hashing: Hashing,
    /// Counts failed attempts per account.
    pub(crate) attempts: PasswordAttempts,
    /// The lengths that a new password may have.
    pub(crate) policy: PasswordPolicy,
}
