//! Signing in with a password.

use std::rc::Rc;

use actix_web::http::StatusCode;
use auth_core::{Email, Password, PasswordLengthError, Remember, StoredHash, User, UserSession};
use auth_store::{NewSignIn, Store, StoreError};

use super::attempts::AccountName;
use super::hashing::{HashingError, Verified};
use super::{PASSWORD_TOO_LONG, Passwords};
use crate::session::Sessions;
use crate::session::begin::{Method, NewSession, Outcome, SessionCookiesInAnswer};
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::rate_limit::TooManyRequests;

/// Signing in with a password is turned off.
pub(crate) const EMAIL_PASSWORD_DISABLED: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "EMAIL_PASSWORD_DISABLED", "Email and password is not enabled");
/// The text is not an e-mail address.
pub(crate) const INVALID_EMAIL: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "INVALID_EMAIL", "Invalid email");
/// Unknown address, wrong password, or a user without a password.
pub(crate) const INVALID_EMAIL_OR_PASSWORD: ErrorCode =
    ErrorCode::new(StatusCode::UNAUTHORIZED, "INVALID_EMAIL_OR_PASSWORD", "Invalid email or password");

/// The codes of [`SignInError`].
pub(crate) const CODES: &[ErrorCode] =
    &[EMAIL_PASSWORD_DISABLED, INVALID_EMAIL, PASSWORD_TOO_LONG, INVALID_EMAIL_OR_PASSWORD];

/// Signs users in with a password.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    /// The database of users.
    pub(crate) store: Store,
    /// Verifies passwords.
    pub(crate) passwords: Passwords,
    /// Creates sessions.
    pub(crate) sessions: Rc<Sessions>,
    /// Whether users may sign in with e-mail address and password (`emailAndPassword.enabled`).
    pub(crate) is_enabled: bool,
}

/// The input of a sign-in.
#[derive(Debug)]
pub(crate) struct EmailLogin {
    /// The address as entered.
    pub(crate) email: String,
    /// The password as entered; may be empty.
    pub(crate) password: Password,
    /// How long to stay signed in.
    pub(crate) remember: Remember,
}

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Signing in with a password is turned off.
    #[error("sign-in by password is turned off")]
    Disabled,
    /// The text is not an e-mail address.
    #[error("not an e-mail address")]
    InvalidEmail,
    /// The password is longer than any that could have been set.
    #[error("password is too long")]
    PasswordTooLong,
    /// Unknown name, wrong password, or a user without a password. These are one variant and cost the same
    ///
    #[error("invalid name or password")]
    InvalidCredentials,
    /// Too many attempts at the account's password failed, so it is not verified now.
    #[error("too many failed attempts")]
    TooManyAttempts(#[source] TooManyRequests),
    /// The password is right, but the user may not have a session.
    #[error("the user may have no session")]
    Refused(#[from] ApiError),
    /// The password could not be verified.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("reading or storing failed")]
    Store(#[source] StoreError),
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => Self::Coded(EMAIL_PASSWORD_DISABLED),
            SignInError::InvalidEmail => Self::Coded(INVALID_EMAIL),
            SignInError::PasswordTooLong => Self::Coded(PASSWORD_TOO_LONG),
            SignInError::InvalidCredentials => Self::Coded(INVALID_EMAIL_OR_PASSWORD),
            SignInError::TooManyAttempts(error) => error.into(),
            SignInError::Refused(error) => error,
            SignInError::Hashing(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl SignIn {
    /// Signs a user in with an e-mail address. Earlier sessions stay valid.
    ///
    /// # Errors
    ///
    /// [`SignInError`].
    pub(crate) async fn with_email(
        &self,
        request: &RequestContext,
        login: EmailLogin,
    ) -> Result<Outcome, SignInError> {
        if !self.is_enabled {
            return Err(SignInError::Disabled);
        }
        let email = Email::parse(&login.email).map_err(|_grammar| SignInError::InvalidEmail)?;
        let find = async || self.store.users().find_credential_by_email(&email).await;
        self.with(request, AccountName::of_email(&email), find, login.password, login.remember).await
    }

    /// Verifies the password of the user that `find` returns, and creates a session. A failure costs the same
    /// whether or not the user exists.
    ///
    /// # Errors
    ///
    /// [`SignInError`].
    pub(crate) async fn with(
        &self,
        request: &RequestContext,
        account: AccountName<'_>,
        find: impl AsyncFnOnce() -> Result<Option<(User, Option<StoredHash>)>, StoreError>,
        password: Password,
        remember: Remember,
    ) -> Result<Outcome, SignInError> {
        match self.passwords.policy.check(&password) {
            Ok(()) | Err(PasswordLengthError::TooShort { .. }) => {}
            Err(PasswordLengthError::TooLong { .. }) => return Err(SignInError::PasswordTooLong),
        }
        let attempt = self.passwords.attempts.begin(account, &request.client().ip_address, request.now());
        let attempt = attempt.map_err(SignInError::TooManyAttempts)?;
        let outcome = self.verify_and_begin(request, find, password, remember).await;
        match &outcome {
            Ok(_) => attempt.succeeded(),
            Err(SignInError::InvalidCredentials) => {}
            Err(_) => attempt.withdrawn(),
        }
        outcome
    }

    async fn verify_and_begin(
        &self,
        request: &RequestContext,
        find: impl AsyncFnOnce() -> Result<Option<(User, Option<StoredHash>)>, StoreError>,
        password: Password,
        remember: Remember,
    ) -> Result<Outcome, SignInError> {
        let hashing = &self.passwords.hashing;
        hashing.admit().await.map_err(SignInError::Hashing)?;
        // Both queries run concurrently, so that they take the time of one.
        let samples = async || self.store.accounts().password_samples().await;
        let ((), found) = futures_util::future::join(hashing.learn_once(samples), find()).await;
        let found = found.map_err(SignInError::Store)?;
        hashing.stop_learning();
        let (user, stored) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        // The connection is back in the pool; none is held while hashing.
        let user_id = user.as_ref().map(|user| &user.id);
        let verified = hashing.verify(password, stored.clone(), user_id).await;
        let verified = verified.map_err(SignInError::Hashing)?;
        let (Some(user), Some(stored), Verified::Right { rehashed }) = (user, stored, verified) else {
            return Err(SignInError::InvalidCredentials);
        };
        let new = NewSession {
            user: &user,
            method: Method::Password,
            remember,
            cookies: SessionCookiesInAnswer::Set,
        };
        let begun = self.sessions.begin(request, new, async |session| {
            let max_sessions = self.sessions.max_per_user;
            let new = NewSignIn { session, verified: stored, rehashed, max_sessions };
            let stored = self.store.sign_in(&new).await.map_err(SignInError::Store)?;
            Ok::<_, SignInError>(stored.map(|session| UserSession { user: user.clone(), session }))
        });
        // The password was changed, or the user deleted, during the verification.
        begun.await?.ok_or(SignInError::InvalidCredentials)
    }
}
