//! Creates a user with a password, who is then signed in unless the settings say otherwise.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use auth_core::{
    Account, AccountId, DeclaredFields, Email, FieldInputError, MistypedField, Password, PasswordLengthError,
    Remember, Session, StoredHash, User, UserId, UserSession,
};
use auth_store::{Address, NewRegistration, Registered, Store, StoreError};
use serde_json::{Map, Value};

use super::attempts::AccountName;
use super::hashing::HashingError;
use super::hooks::UserHooks;
use super::{PASSWORD_TOO_LONG, PASSWORD_TOO_SHORT, Passwords};
use crate::session::Sessions;
use crate::session::begin::{Method, NewSession, SessionCookiesInAnswer};
use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::fields::{FIELD_NOT_ALLOWED, MISSING_FIELD};

/// Signing up with a password is turned off.
pub(crate) const EMAIL_PASSWORD_SIGN_UP_DISABLED: ErrorCode = ErrorCode::new(
    StatusCode::BAD_REQUEST,
    "EMAIL_PASSWORD_SIGN_UP_DISABLED",
    "Email and password sign up is not enabled",
);
/// The e-mail address is taken.
pub(crate) const USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: ErrorCode = ErrorCode::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
    "User already exists. Use another email.",
);
/// The user could not be stored.
pub(crate) const FAILED_TO_CREATE_USER: ErrorCode =
    ErrorCode::new(StatusCode::UNPROCESSABLE_ENTITY, "FAILED_TO_CREATE_USER", "Failed to create user");

/// The codes of [`SignUpError`].
pub(crate) const CODES: &[ErrorCode] = &[
    EMAIL_PASSWORD_SIGN_UP_DISABLED,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL,
    FIELD_NOT_ALLOWED,
    MISSING_FIELD,
    FAILED_TO_CREATE_USER,
];

/// Signs new users up.
#[derive(Clone, Debug)]
pub(crate) struct SignUp {
    /// The database of users.
    pub(crate) store: Store,
    /// Hashes passwords.
    pub(crate) passwords: Passwords,
    /// Creates sessions.
    pub(crate) sessions: Rc<Sessions>,
    /// The fields of users and sessions beyond those of Better Auth.
    pub(crate) fields: Arc<DeclaredFields>,
    /// Hooks that features run when a user is created.
    pub(crate) hooks: UserHooks,
    /// Whether new users may sign up.
    pub(crate) is_enabled: bool,
    /// The result of a sign-up.
    pub(crate) then: AfterSignUp,
}

/// The result of a sign-up (`emailAndPassword.autoSignIn` and `requireEmailVerification`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterSignUp {
    /// A session. A taken address is refused.
    SignedIn,
    /// No session, and the same response for a free and for a taken address.
    EnumerationSafe,
}

/// The input of a sign-up.
#[derive(Debug)]
pub(crate) struct NewUser {
    /// Display name; may be empty.
    pub(crate) name: String,
    /// E-mail address.
    pub(crate) email: Email,
    /// Password, of any length.
    pub(crate) password: Password,
    /// URL of a picture.
    pub(crate) image: Option<String>,
    /// How long to stay signed in.
    pub(crate) remember: Remember,
    /// All other members of the body, of which only additional fields are used.
    pub(crate) others: Map<String, Value>,
}

/// The user after a sign-up. For a taken address, [`AfterSignUp::EnumerationSafe`] gives a user that is not
/// stored.
#[derive(Debug)]
pub(crate) struct SignedUp {
    /// The user as shown to the client.
    pub(crate) user: User,
    /// The session, if the sign-up created one.
    pub(crate) session: Option<Session>,
}

/// Why no user was created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignUpError {
    /// The server accepts no new users.
    #[error("sign-up is turned off")]
    Disabled,
    /// The password is too short or too long.
    #[error("password does not fit the policy")]
    Password(#[source] PasswordLengthError),
    /// An additional field must not be set, or a required one is missing.
    #[error("an additional field is refused")]
    Field(#[source] FieldInputError),
    /// An additional field has a value of the wrong type.
    #[error("an additional field cannot hold its value")]
    Mistyped(#[source] MistypedField),
    /// The e-mail address is taken.
    #[error("the address is taken")]
    EmailTaken,
    /// The user may not have a session.
    #[error("the user may have no session")]
    Refused(#[from] ApiError),
    /// The database rejects a value, such as a name that contains a NUL character.
    #[error("a value cannot be stored")]
    Unstorable(#[source] StoreError),
    /// The password could not be hashed.
    #[error("hashing failed")]
    Hashing(#[source] HashingError),
    /// The database failed.
    #[error("storing failed")]
    Store(#[source] StoreError),
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Disabled => Self::Coded(EMAIL_PASSWORD_SIGN_UP_DISABLED),
            SignUpError::Password(PasswordLengthError::TooShort { .. }) => Self::Coded(PASSWORD_TOO_SHORT),
            SignUpError::Password(PasswordLengthError::TooLong { .. }) => Self::Coded(PASSWORD_TOO_LONG),
            SignUpError::EmailTaken => Self::Coded(USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL),
            SignUpError::Field(error) => error.into(),
            SignUpError::Refused(error) => error,
            SignUpError::Mistyped(_) | SignUpError::Unstorable(_) => Self::Coded(FAILED_TO_CREATE_USER),
            SignUpError::Hashing(error) => error.into(),
            SignUpError::Store(error) => error.into(),
        }
    }
}

impl SignUp {
    /// Stores user, account and session together or not at all.
    ///
    /// With [`AfterSignUp::EnumerationSafe`], a taken address gives the same result as a free one, at the
    /// same cost, and nothing is stored.
    ///
    /// # Errors
    ///
    /// [`SignUpError`]. Of two concurrent sign-ups for one address, the later one gets
    /// [`SignUpError::EmailTaken`] whichever check it fails, or the result for a taken address.
    pub(crate) async fn sign_up(
        &self,
        request: &RequestContext,
        new: NewUser,
    ) -> Result<SignedUp, SignUpError> {
        if !self.is_enabled {
            return Err(SignUpError::Disabled);
        }
        self.passwords.policy.check(&new.password).map_err(SignUpError::Password)?;
        let additional = self.fields.user.parse_new(&new.others).map_err(SignUpError::Field)?;
        let is_taken = self.is_taken(&new.email).await?;
        if is_taken && self.then == AfterSignUp::SignedIn {
            return Err(SignUpError::EmailTaken);
        }
        let additional = additional.map_err(SignUpError::Mistyped)?;
        // From here until the hash is computed, no connection is held.
        let hash = self.passwords.hashing.hash(new.password).await.map_err(SignUpError::Hashing)?;
        let now = request.now();
        let user = User {
            id: UserId::generate(&mut rand::rng()),
            name: new.name,
            email: new.email,
            email_verified: false,
            image: new.image,
            created_at: now,
            updated_at: now,
            additional,
        };
        match self.then {
            AfterSignUp::SignedIn => self.store_with_session(request, user, hash, new.remember).await,
            AfterSignUp::EnumerationSafe => self.store_quietly(request, user, hash, is_taken).await,
        }
    }

    async fn store_with_session(
        &self,
        request: &RequestContext,
        user: User,
        hash: StoredHash,
        remember: Remember,
    ) -> Result<SignedUp, SignUpError> {
        let account = self.account(request, &user, hash);
        let new = NewSession {
            user: &user,
            method: Method::SignUp,
            remember,
            cookies: SessionCookiesInAnswer::Set,
        };
        let begun = self.sessions.begin(request, new, async |session| {
            let new = NewRegistration { user: user.clone(), account, session: Some(session) };
            let Registered { user, session } = match self.store.register(&new).await {
                Ok(registered) => registered,
                // Existing tables may use other constraint names, so the address itself is looked up.
                Err(StoreError::Conflict { .. }) if self.is_taken(&new.user.email).await? => {
                    return Err(SignUpError::EmailTaken);
                }
                Err(error) => return Err(unstorable(error)),
            };
            Ok(session.map(|session| UserSession { user, session }))
        });
        let Some(outcome) = begun.await? else { return Ok(SignedUp { user, session: None }) };
        let UserSession { user, session } = outcome.signed_in()?;
        let address = request.client().ip_address;
        self.passwords.attempts.signed_up(AccountName::of_email(&user.email), &address, request.now());
        Ok(SignedUp { user, session: Some(session) })
    }

    async fn store_quietly(
        &self,
        request: &RequestContext,
        user: User,
        hash: StoredHash,
        is_taken: bool,
    ) -> Result<SignedUp, SignUpError> {
        let account = self.account(request, &user, hash);
        let new = NewRegistration { user, account, session: None };
        let address = if is_taken { Address::Taken } else { Address::Free };
        let mut stored = self.store.register_enumeration_safe(&new, address).await;
        if let (Err(StoreError::Conflict { .. }), false) = (&stored, is_taken)
            && self.is_taken(&new.user.email).await?
        {
            stored = self.store.register_enumeration_safe(&new, Address::Taken).await;
        }
        let Registered { user, session } = stored.map_err(unstorable)?;
        Ok(SignedUp { user, session })
    }

    fn account(&self, request: &RequestContext, user: &User, hash: StoredHash) -> Account {
        Account::credential(AccountId::generate(&mut rand::rng()), user.id.clone(), hash, request.now())
    }

    async fn is_taken(&self, email: &Email) -> Result<bool, SignUpError> {
        let user = self.store.users().find_by_email(email).await;
        user.map(|user| user.is_some()).map_err(SignUpError::Store)
    }
}

fn unstorable(error: StoreError) -> SignUpError {
    match error {
        StoreError::Conflict { .. } | StoreError::Rejected { .. } => SignUpError::Unstorable(error),
        StoreError::Unavailable(_)
        | StoreError::UnsafePooler(_)
        | StoreError::Tls(_)
        | StoreError::Inconsistent { .. }
        | StoreError::Url(_)
        | StoreError::Query(_) => SignUpError::Store(error),
    }
}
