//! A new user with a password, signed in at once unless the settings say otherwise.

use auth_core::{
    Account, AccountId, Email, FieldInputError, MistypedField, Password, PasswordLengthError, Remember,
    Session, User, UserId,
};
use auth_store::{Address, NewRegistration, Registered, StoreError};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::password::email_and_password::{AfterSignUp, EmailAndPassword, Offer};
use crate::password::hashing::HashingError;
use crate::web::client::Client;

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
    /// Everything else in the body, of which only additional fields count.
    pub(crate) others: Map<String, Value>,
}

/// A new user, or what looks like one.
#[derive(Debug)]
pub(crate) struct SignedUp {
    /// As a client is shown it.
    pub(crate) user: User,
    /// The session, where signing up makes one.
    pub(crate) session: Option<Session>,
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
    /// An additional field that may not be set, or a required one that is absent.
    #[error("an additional field is refused")]
    Field(#[source] FieldInputError),
    /// An additional field that cannot hold its value.
    #[error("an additional field cannot hold its value")]
    Mistyped(#[source] MistypedField),
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
    /// With [`AfterSignUp::Unseen`] a taken address gives what a free one gives, at the same cost, and stores
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`SignUpError`]; of two sign-ups for one address at once, the later one is
    /// [`SignUpError::EmailTaken`] whichever check it fails, or unseen like any other taken address.
    pub(crate) async fn sign_up(
        &self,
        request: SignUp,
        client: Client,
        now: OffsetDateTime,
    ) -> Result<SignedUp, SignUpError> {
        if self.offer != Offer::SignInAndSignUp {
            return Err(SignUpError::Disabled);
        }
        self.passwords.check(&request.password).map_err(SignUpError::Password)?;
        let additional = self.fields.user.parse_new(&request.others).map_err(SignUpError::Field)?;
        let is_taken = self.is_taken(&request.email).await?;
        if is_taken && self.after_sign_up == AfterSignUp::SignedIn {
            return Err(SignUpError::EmailTaken);
        }
        let additional = additional.map_err(SignUpError::Mistyped)?;
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
            additional,
        };
        let account = Account::credential(AccountId::generate(&mut rng), user.id.clone(), hash, now);
        let address = client.ip_address.clone();
        let session = match self.after_sign_up {
            AfterSignUp::SignedIn => {
                Some(self.new_session(&user.id, request.remember, client, now, &mut rng))
            }
            AfterSignUp::Unseen => None,
        };
        let signed_up = self.store_sign_up(NewRegistration { user, account, session }, is_taken).await?;
        // Who is not signed in may have named anybody's account.
        if signed_up.session.is_some() {
            self.attempts.signed_up(&signed_up.user.email, &address, now);
        }
        Ok(signed_up)
    }

    async fn store_sign_up(&self, new: NewRegistration, is_taken: bool) -> Result<SignedUp, SignUpError> {
        let unseen = self.after_sign_up == AfterSignUp::Unseen;
        let address = if is_taken { Address::Taken } else { Address::Free };
        let mut stored = if unseen {
            self.store.register_unseen(&new, address).await
        } else {
            self.store.register(&new).await
        };
        if let Err(StoreError::Conflict { .. }) = &stored {
            // Adopted tables name their constraints as they like, so the address itself is looked up.
            match (is_taken, self.is_taken(&new.user.email).await?) {
                (false, true) if unseen => stored = self.store.register_unseen(&new, Address::Taken).await,
                (false, true) => return Err(SignUpError::EmailTaken),
                (true, _) | (false, false) => {}
            }
        }
        match stored {
            Ok(Registered { user, session }) => Ok(SignedUp { user, session }),
            Err(error @ (StoreError::Conflict { .. } | StoreError::Rejected { .. })) => {
                Err(SignUpError::Unstorable(error))
            }
            Err(error) => Err(SignUpError::Store(error)),
        }
    }

    async fn is_taken(&self, email: &Email) -> Result<bool, SignUpError> {
        let user = self.store.users().find_by_email(email).await;
        user.map(|user| user.is_some()).map_err(SignUpError::Store)
    }
}
