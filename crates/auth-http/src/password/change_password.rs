//! Changes a password, given the current one.

use std::rc::Rc;

use actix_web::http::StatusCode;
use auth_core::{Password, PasswordLengthError, Remember, Session, UserSession};
use auth_store::{NewPassword, Store, StoreError};

use super::attempts::AccountName;
use super::hashing::{HashingError, Verified};
use super::{PASSWORD_TOO_LONG, PASSWORD_TOO_SHORT, Passwords};
use crate::session::Sessions;
use crate::session::begin::{Method, NewSession, SessionCookiesInAnswer};
use crate::session::guard::SignedIn;
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::rate_limit::TooManyRequests;

/// The user has no password.
pub(crate) const CREDENTIAL_ACCOUNT_NOT_FOUND: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "CREDENTIAL_ACCOUNT_NOT_FOUND", "Credential account not found");
/// The current password is wrong.
pub(crate) const INVALID_PASSWORD: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "INVALID_PASSWORD", "Invalid password");

/// The codes of [`ChangePasswordError`].
pub(crate) const CODES: &[ErrorCode] =
    &[PASSWORD_TOO_SHORT, PASSWORD_TOO_LONG, CREDENTIAL_ACCOUNT_NOT_FOUND, INVALID_PASSWORD];

/// Changes the passwords of signed-in users.
#[derive(Clone, Debug)]
pub(crate) struct ChangePassword {
    /// The database of accounts.
    pub(crate) store: Store,
    /// Verifies and hashes passwords.
    pub(crate) passwords: Passwords,
    /// Creates sessions.
    pub(crate) sessions: Rc<Sessions>,
}

/// The input of a password change.
#[derive(Debug)]
pub(crate) struct PasswordChange {
    /// The current password.
    pub(crate) current: Password,
    /// The new password; may be the same.
    pub(crate) new: Password,
    /// What happens to the user's sessions.
    pub(crate) sessions: SessionsAfterChange,
}

/// What happens to a user's sessions when the password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionsAfterChange {
    /// They stay valid.
    Kept,
    /// All end, including the caller's, and the caller gets a new one.
    Replaced(Remember),
}

/// Why the password was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangePasswordError {
    /// The new password is too short or too long.
    #[error("new password does not fit the policy")]
    New(#[source] PasswordLengthError),
    /// The current password is longer than any that could have been set.
    #[error("current password is too long")]
    CurrentTooLong,
    /// The user signs in by another method.
    #[error("the user has no password")]
    NoCredential,
    /// The current password is wrong, or was changed concurrently.
    #[error("current password is wrong")]
    WrongPassword,
    /// Too many attempts at the account's password failed, so it is not verified now.
    #[error("too many failed attempts")]
    TooManyAttempts(#[source] TooManyRequests),
    /// The user may not have a new session.
    #[error("the user may have no session")]
    Refused(#[from] ApiError),
    /// A password could not be hashed.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("reading or storing failed")]
    Store(#[source] StoreError),
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::New(PasswordLengthError::TooShort { .. }) => Self::Coded(PASSWORD_TOO_SHORT),
            ChangePasswordError::New(PasswordLengthError::TooLong { .. })
            | ChangePasswordError::CurrentTooLong => Self::Coded(PASSWORD_TOO_LONG),
            ChangePasswordError::NoCredential => Self::Coded(CREDENTIAL_ACCOUNT_NOT_FOUND),
            ChangePasswordError::TooManyAttempts(error) => error.into(),
            ChangePasswordError::WrongPassword => Self::Coded(INVALID_PASSWORD),
            ChangePasswordError::Refused(error) => error,
            ChangePasswordError::Hashing(error) => error.into(),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

impl ChangePassword {
    /// Changes the password. Returns the new session if all sessions were replaced.
    ///
    /// # Errors
    ///
    /// [`ChangePasswordError`], in Better Auth's order.
    pub(crate) async fn change(
        &self,
        request: &RequestContext,
        caller: &SignedIn,
        change: PasswordChange,
    ) -> Result<Option<Session>, ChangePasswordError> {
        let Passwords { hashing, attempts, policy } = &self.passwords;
        let (user, now) = (&caller.principal.user, request.now());
        policy.check(&change.new).map_err(ChangePasswordError::New)?;
        if let Err(PasswordLengthError::TooLong { .. }) = policy.check(&change.current) {
            return Err(ChangePasswordError::CurrentTooLong);
        }
        let account = self.store.accounts().find_credential(&user.id).await;
        let account = account.map_err(ChangePasswordError::Store)?;
        let verified =
            account.and_then(|account| account.password).ok_or(ChangePasswordError::NoCredential)?;

        let attempt = attempts.begin(AccountName::of_email(&user.email), &request.client().ip_address, now);
        let attempt = attempt.map_err(ChangePasswordError::TooManyAttempts)?;
        // No connection is held while hashing.
        match hashing.verify(change.current, Some(verified.clone()), Some(&user.id)).await {
            Ok(Verified::Right { .. }) => attempt.succeeded(),
            Ok(Verified::Wrong) => return Err(ChangePasswordError::WrongPassword),
            Err(error) => {
                attempt.withdrawn();
                return Err(ChangePasswordError::Hashing(error));
            }
        }
        let password = hashing.hash(change.new).await.map_err(ChangePasswordError::Hashing)?;

        let remember = match change.sessions {
            SessionsAfterChange::Kept => {
                let accounts = self.store.accounts();
                return match accounts.update_password(&user.id, &verified, &password, now).await {
                    Ok(true) => Ok(None),
                    Ok(false) => Err(ChangePasswordError::WrongPassword),
                    Err(error) => Err(ChangePasswordError::Store(error)),
                };
            }
            SessionsAfterChange::Replaced(remember) => remember,
        };
        let cookies = if caller.known_by.takes_cookies() {
            SessionCookiesInAnswer::Set
        } else {
            SessionCookiesInAnswer::Left
        };
        let begun = self.sessions.begin(
            request,
            NewSession { user, method: Method::PasswordChange, remember, cookies },
            async |session| {
                let new = NewPassword { user_id: user.id.clone(), verified, password, now };
                let stored = self.store.replace_password_and_sessions(&new, &session).await;
                let stored = stored.map_err(ChangePasswordError::Store)?;
                Ok::<_, ChangePasswordError>(
                    stored.map(|session| UserSession { user: user.clone(), session }),
                )
            },
        );
        let outcome = begun.await?.ok_or(ChangePasswordError::WrongPassword)?;
        Ok(Some(outcome.signed_in()?.session))
    }
}
