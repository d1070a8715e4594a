//! A new password in place of a known one.

use auth_core::{Password, PasswordLengthError, Remember, Session, UserSession};
use auth_store::{NewPassword, StoreError};
use time::OffsetDateTime;

use crate::password::email_and_password::EmailAndPassword;
use crate::password::hashing::{HashingError, Verified};
use crate::web::client::Client;
use crate::web::rate_limit::TooManyRequests;

/// What a signed-in user said.
#[derive(Debug)]
pub(crate) struct ChangePassword {
    /// The password so far.
    pub(crate) current: Password,
    /// The password from now on; may be the same.
    pub(crate) new: Password,
    /// What becomes of the user's sessions.
    pub(crate) sessions: SessionsAfterChange,
}

/// What becomes of a user's sessions when the password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionsAfterChange {
    /// They live on.
    Kept,
    /// All end, the caller's too, and the caller gets a new one.
    Replaced(Remember),
}

/// Why the password is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangePasswordError {
    /// The new password is too short or too long.
    #[error("new password does not fit the policy")]
    New(#[source] PasswordLengthError),
    /// The current password is longer than any that could have been set.
    #[error("current password is too long")]
    CurrentTooLong,
    /// The user signs in some other way.
    #[error("the user has no password")]
    NoCredential,
    /// The current password is wrong, or was changed meanwhile.
    #[error("current password is wrong")]
    WrongPassword,
    /// The account's password was tried in vain too often; it is not tested now.
    #[error("too many failed attempts")]
    TooManyAttempts(#[source] TooManyRequests),
    /// A password could not be hashed.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("reading or storing failed")]
    Store(#[source] StoreError),
}

impl EmailAndPassword {
    /// Changes the password; gives the new session where all were replaced.
    ///
    /// # Errors
    ///
    /// [`ChangePasswordError`], in the reference's order (Better Auth accounts, `/change-password`).
    pub(crate) async fn change_password(
        &self,
        principal: &UserSession,
        request: ChangePassword,
        client: Client,
        now: OffsetDateTime,
    ) -> Result<Option<Session>, ChangePasswordError> {
        self.passwords.check(&request.new).map_err(ChangePasswordError::New)?;
        if let Err(PasswordLengthError::TooLong { .. }) = self.passwords.check(&request.current) {
            return Err(ChangePasswordError::CurrentTooLong);
        }
        let user_id = &principal.user.id;
        let account =
            self.store.accounts().find_credential(user_id).await.map_err(ChangePasswordError::Store)?;
        let verified =
            account.and_then(|account| account.password).ok_or(ChangePasswordError::NoCredential)?;

        let attempt = self.attempts.begin(&principal.user.email, &client.ip_address, now);
        let attempt = attempt.map_err(ChangePasswordError::TooManyAttempts)?;
        // No connection is held while hashing.
        match self.hashing.verify(request.current, Some(verified.clone()), Some(user_id)).await {
            Ok(Verified::Right { .. }) => attempt.succeeded(),
            Ok(Verified::Wrong) => return Err(ChangePasswordError::WrongPassword),
            Err(error) => {
                attempt.withdrawn();
                return Err(ChangePasswordError::Hashing(error));
            }
        }
        let password = self.hashing.hash(request.new).await.map_err(ChangePasswordError::Hashing)?;

        let changed = match request.sessions {
            SessionsAfterChange::Kept => {
                let changed = self.store.accounts().update_password(user_id, &verified, &password, now).await;
                changed.map(|changed| changed.then_some(None))
            }
            SessionsAfterChange::Replaced(remember) => {
                let session = self.new_session(user_id, remember, client, now, &mut rand::rng());
                let new = NewPassword { user_id: user_id.clone(), verified, password, now };
                self.store
                    .replace_password_and_sessions(&new, &session)
                    .await
                    .map(|session| session.map(Some))
            }
        };
        match changed {
            Ok(Some(session)) => Ok(session),
            Ok(None) => Err(ChangePasswordError::WrongPassword),
            Err(error) => Err(ChangePasswordError::Store(error)),
        }
    }
}
