//! Signing in with an e-mail address and a password.

use auth_core::{
    Email, Password, PasswordLengthError, Remember, Session, SessionId, SessionToken, UserId, UserSession,
};
use auth_store::{NewSignIn, StoreError};
use rand::CryptoRng;
use time::OffsetDateTime;

use crate::password::email_and_password::{EmailAndPassword, Offer};
use crate::password::hashing::{HashingError, Verified};
use crate::web::client::Client;
use crate::web::rate_limit::TooManyRequests;

/// What somebody who signs in said.
#[derive(Debug)]
pub(crate) struct SignIn {
    /// Address as typed.
    pub(crate) email: String,
    /// Password as typed; may be empty.
    pub(crate) password: Password,
    /// How long to stay signed in.
    pub(crate) remember: Remember,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// The server signs nobody in by password.
    #[error("sign-in by password is turned off")]
    Disabled,
    /// The text is no e-mail address.
    #[error("not an e-mail address")]
    InvalidEmail,
    /// The password is longer than any that could have been set.
    #[error("password is too long")]
    PasswordTooLong,
    /// Unknown address, wrong password, or a user without one: one variant, one cost.
    #[error("invalid e-mail address or password")]
    InvalidCredentials,
    /// The account's password was tried in vain too often; it is not tested now.
    #[error("too many failed attempts")]
    TooManyAttempts(#[source] TooManyRequests),
    /// The password is right, and the address has not been proven.
    #[error("the address is not verified")]
    EmailNotVerified,
    /// The password could not be verified.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("reading or storing failed")]
    Store(#[source] StoreError),
}

impl EmailAndPassword {
    /// Verifies the password and stores a new session; earlier ones live on.
    ///
    /// # Errors
    ///
    /// [`SignInError`].
    pub(crate) async fn sign_in(
        &self,
        request: SignIn,
        client: Client,
        now: OffsetDateTime,
    ) -> Result<UserSession, SignInError> {
        if self.offer == Offer::Nothing {
            return Err(SignInError::Disabled);
        }
        let email = Email::parse(&request.email).map_err(|_grammar| SignInError::InvalidEmail)?;
        match self.passwords.check(&request.password) {
            Ok(()) | Err(PasswordLengthError::TooShort { .. }) => {}
            Err(PasswordLengthError::TooLong { .. }) => return Err(SignInError::PasswordTooLong),
        }
        let attempt = self.attempts.begin(&email, &client.ip_address, now);
        let attempt = attempt.map_err(SignInError::TooManyAttempts)?;
        let outcome = self.verify_and_sign_in(email, request, client, now).await;
        match &outcome {
            Ok(_) => attempt.succeeded(),
            Err(SignInError::InvalidCredentials) => {}
            Err(_) => attempt.withdrawn(),
        }
        outcome
    }

    async fn verify_and_sign_in(
        &self,
        email: Email,
        request: SignIn,
        client: Client,
        now: OffsetDateTime,
    ) -> Result<UserSession, SignInError> {
        self.hashing.admit().await.map_err(SignInError::Hashing)?;
        // At once, so that both fit into the time of one.
        let samples = async || self.store.accounts().password_samples().await;
        let ((), found) = futures_util::future::join(
            self.hashing.learn_once(samples),
            self.store.users().find_credential_by_email(&email),
        )
        .await;
        let found = found.map_err(SignInError::Store)?;
        self.hashing.stop_learning();
        let (user, stored) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        // The connection went back to the pool: nothing is held while hashing.
        let user_id = user.as_ref().map(|user| &user.id);
        let verified = self.hashing.verify(request.password, stored.clone(), user_id).await;
        let verified = verified.map_err(SignInError::Hashing)?;
        let (Some(user), Some(stored), Verified::Right { rehashed }) = (user, stored, verified) else {
            return Err(SignInError::InvalidCredentials);
        };
        if self.requires_verified_email && !user.email_verified {
            return Err(SignInError::EmailNotVerified);
        }
        let session = self.new_session(&user.id, request.remember, client, now, &mut rand::rng());
        let new = NewSignIn { session, verified: stored, rehashed, max_sessions: self.max_sessions };
        match self.store.sign_in(&new).await {
            Ok(Some(session)) => Ok(UserSession { user, session }),
            // The password was changed, or the user deleted, while it was being verified.
            Ok(None) => Err(SignInError::InvalidCredentials),
            Err(error) => Err(SignInError::Store(error)),
        }
    }

    /// Makes a session with a new token; a token that the client sent is never taken over.
    pub(super) fn new_session(
        &self,
        user_id: &UserId,
        remember: Remember,
        client: Client,
        now: OffsetDateTime,
        rng: &mut impl CryptoRng,
    ) -> Session {
        Session {
            id: SessionId::generate(rng),
            token: SessionToken::generate(rng),
            user_id: user_id.clone(),
            expires_at: self.sessions.expires_at(remember, now),
            created_at: now,
            updated_at: now,
            ip_address: Some(client.ip_address),
            user_agent: Some(client.user_agent),
            additional: self.fields.session.defaults(),
        }
    }
}
