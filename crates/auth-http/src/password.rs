//! Passwords: hashing within bounds, tries per account, and signing up, signing in and changing passwords with them.
//!
//! These are services: a route is thin and knows the body and the answer, so that `/login` and `/sign-in/email` are two
//! routes over one [`sign_in::SignIn`].

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

/// The password is under the shortest length.
pub(crate) const PASSWORD_TOO_SHORT: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "PASSWORD_TOO_SHORT", "Password too short");
/// The password is over the longest length.
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

/// What every test of a password goes through; cheap to clone, and one for all workers, so that its bounds hold for the
/// process.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    /// Where hashes are computed.
    pub(crate) hashing: Hashing,
    /// Counts failed tries per account.
    pub(crate) attempts: PasswordAttempts,
    /// Which passwords may be set.
    pub(crate) policy: PasswordPolicy,
}
