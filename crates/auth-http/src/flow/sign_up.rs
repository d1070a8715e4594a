//! A new user with a password, signed in at once.

use auth_core::{
    Account, AccountId, AdditionalValues, Email, Password, PasswordLengthError, Principal, Remember, User,
    UserId,
};
use auth_store::{NewRegistration, StoreError};
use time::OffsetDateTime;

use crate::client::Client;
use crate::flow::{EmailAndPassword, Offer};
use crate::hashing::HashingError;

/// What a new user said.
#[derive(Debug)]
pub(crate) struct SignUp {
    /// Display name; may be empty.
    pub(crate) name: String,
    /// Address.
    pub(crate) email: Email,
    /// Password, of any length.
    pub(crate) password: Password,
    /// Address of a picture.
    pub(crate) image: Option<String>,
    /// How long to stay signed in.
    pub(crate) remember: Remember,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    /// The server takes no new users.
    #[error("sign-up is turned off")]
    Disabled,
    /// The password is too short or too long.
    #[error("password does not fit the policy")]
    Password(#[source] PasswordLengthError),
    /// The address is taken.
    #[error("the address is taken")]
    EmailTaken,
    /// The database does not take a value, such as a name with a NUL in it.
    #[error("a value cannot be stored")]
    Unstorable(#[source] StoreError),
    /// The password could not be hashed.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("storing failed")]
    Store(#[source] StoreError),
}

impl EmailAndPassword {
    /// Stores user, account and session together or not at all.
    ///
    /// # Errors
    ///
    /// [`SignUpError`]; of two sign-ups for one address at once, the later one is
    /// [`SignUpError::EmailTaken`] whichever check it fails.
    pub(crate) async fn sign_up(
        &self,
        request: SignUp,
        client: Client,
        now: OffsetDateTime,
    ) -> Result<Principal, SignUpError> {
        if self.offer != Offer::SignInAndSignUp {
            return Err(SignUpError::Disabled);
        }
        self.passwords.check(&request.password).map_err(SignUpError::Password)?;
        let taken = self.store.users().find_by_email(&request.email).await.map_err(SignUpError::Store)?;
        if taken.is_some() {
            return Err(SignUpError::EmailTaken);
        }
        // No connection is held from here on until the hash is there.
        let hash = self.hashing.hash(request.password).await.map_err(SignUpError::Hashing)?;

        let mut rng = rand::rng();
        let user = User {
            id: UserId::generate(&mut rng),
            name: request.name,
            email: request.email,
            email_verified: false,
            image: request.image,
            created_at: now,
            updated_at: now,
            additional: AdditionalValues::default(),
        };
        let account = Account::credential(AccountId::generate(&mut rng), user.id.clone(), hash, now);
        let session = self.new_session(&user.id, request.remember, client, now, &mut rng);
        let new = NewRegistration { user, account, session: Some(session.clone()) };
        match self.store.register(&new).await {
            Ok(()) => Ok(Principal { user: new.user, session }),
            Err(error @ StoreError::Conflict { .. }) => {
                // Adopted tables name their constraints as they like, so the address itself is looked up.
                let taken = self.store.users().find_by_email(&new.user.email).await;
                match taken.map_err(SignUpError::Store)? {
                    Some(_) => Err(SignUpError::EmailTaken),
                    None => Err(SignUpError::Unstorable(error)),
                }
            }
            Err(error @ StoreError::Rejected { .. }) => Err(SignUpError::Unstorable(error)),
            Err(error) => Err(SignUpError::Store(error)),
        }
    }
}
