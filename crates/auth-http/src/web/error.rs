//! What a request is refused with: the one place that knows status codes.
//!
//! Flows and the store speak of their own errors; each becomes an [`ApiError`] through an exhaustive
//! `match`, and an [`ApiError`] becomes an answer here. The body carries `message` and `code` alone, in
//! the reference's order; the cause stays in [`std::error::Error::source`] for the log.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use auth_core::wire::ErrorCode;
use auth_core::{FieldInputError, MistypedField, PasswordLengthError};
use auth_store::StoreError;
use serde::Serialize;

use crate::password::change_password::ChangePasswordError;
use crate::password::hashing::HashingError;
use crate::password::sign_in::SignInError;
use crate::password::sign_up::SignUpError;
use crate::signing_keys::SigningError;
use crate::web::rate_limit::{CountError, TooManyRequests};

/// Why a request is refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiError {
    /// An error of the closed list, with its fixed message.
    Coded(ErrorCode),
    /// An error of the closed list about one field, which the message names.
    OfField {
        /// The code.
        code: ErrorCode,
        /// The message.
        message: String,
    },
    /// Fields that are missing or of the wrong type; the text names each (Better Auth core §2.5).
    Validation(String),
    /// A redirect field that is no text; the reference sends this one without a code.
    RedirectNotText {
        /// The field, as the reference calls it in messages.
        label: &'static str,
    },
    /// None of the body's members can be updated; the reference sends this one without a code too.
    NoFieldsToUpdate,
    /// The body's media type is not one that the route reads.
    UnsupportedMediaType {
        /// The header as sent.
        sent: String,
        /// What the route reads.
        allowed: &'static str,
    },
    /// The body is no JSON.
    InvalidJson,
    /// Credentials are missing or do not verify.
    Unauthorized(Unauthorized),
    /// A rightly signed cookie came whose session is over; it is cleared with the refusal.
    SessionEnded {
        /// The `Set-Cookie` lines that clear it.
        clear: Vec<String>,
    },
    /// The database is away.
    DatabaseUnavailable(StoreError),
    /// Too much is waiting to be hashed.
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The client asks too often; the reference sends this one without a code.
    RateLimited {
        /// When to ask again.
        retry_after: Duration,
    },
    /// Something that only a fix of the server or its data can change: 500 with an empty body, as the
    /// reference answers on most routes.
    Internal(Box<dyn Error + Send + Sync>),
}

/// Why credentials were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// None came, or a cookie session that is over.
    NoCredentials,
    /// A token came that does not verify, or whose session ended.
    InvalidToken,
    /// A token came that is past its end.
    TokenExpired,
}

impl Unauthorized {
    fn code(self) -> ErrorCode {
        match self {
            Self::NoCredentials => ErrorCode::Unauthorized,
            Self::InvalidToken => ErrorCode::InvalidToken,
            Self::TokenExpired => ErrorCode::TokenExpired,
        }
    }

    /// The challenge of RFC 6750 §3: an error is named only where a token was sent.
    fn challenge(self) -> HeaderValue {
        match self {
            Self::NoCredentials => HeaderValue::from_static("Bearer"),
            Self::InvalidToken => HeaderValue::from_static(r#"Bearer error="invalid_token""#),
            Self::TokenExpired => HeaderValue::from_static(
                r#"Bearer error="invalid_token", error_description="The token expired""#,
            ),
        }
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

impl ApiError {
    /// Wraps an error that a client can do nothing about.
    pub fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    /// Gives the code that the body carries, for the log.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Coded(code) | Self::OfField { code, .. } => Some(*code),
            Self::Validation(_) => Some(ErrorCode::ValidationError),
            Self::RedirectNotText { .. } | Self::NoFieldsToUpdate | Self::RateLimited { .. } => None,
            Self::UnsupportedMediaType { .. } => Some(ErrorCode::UnsupportedMediaType),
            Self::InvalidJson => Some(ErrorCode::BadRequest),
            Self::Unauthorized(refusal) => Some(refusal.code()),
            Self::SessionEnded { .. } => Some(ErrorCode::Unauthorized),
            Self::DatabaseUnavailable(_) | Self::Overloaded { .. } => Some(ErrorCode::ServiceUnavailable),
            Self::Internal(_) => None,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Validation(issues) => issues.clone(),
            Self::OfField { message, .. } => message.clone(),
            Self::RedirectNotText { label } => format!("Invalid {label}: expected a string"),
            Self::NoFieldsToUpdate => "No fields to update".to_owned(),
            Self::UnsupportedMediaType { sent, allowed } => {
                format!("Content-Type \"{sent}\" is not allowed. Allowed types: {allowed}")
            }
            Self::InvalidJson => "Invalid JSON in request body".to_owned(),
            Self::RateLimited { .. } => "Too many requests. Please try again later.".to_owned(),
            other => other.code().map_or_else(String::new, |code| code.message().to_owned()),
        }
    }
}

/// The one table of status codes.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest
        | ErrorCode::ValidationError
        | ErrorCode::FieldNotAllowed
        | ErrorCode::MissingField
        | ErrorCode::InvalidPassword
        | ErrorCode::InvalidEmail
        | ErrorCode::PasswordTooShort
        | ErrorCode::PasswordTooLong
        | ErrorCode::CredentialAccountNotFound
        | ErrorCode::EmailPasswordDisabled
        | ErrorCode::EmailPasswordSignUpDisabled => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized
        | ErrorCode::InvalidToken
        | ErrorCode::TokenExpired
        | ErrorCode::InvalidEmailOrPassword
        | ErrorCode::FailedToCreateSession
        | ErrorCode::FailedToGetSession => StatusCode::UNAUTHORIZED,
        ErrorCode::Forbidden
        | ErrorCode::SessionNotFresh
        | ErrorCode::EmailNotVerified
        | ErrorCode::InvalidOrigin
        | ErrorCode::MissingOrNullOrigin
        | ErrorCode::CrossSiteNavigationLoginBlocked
        | ErrorCode::InvalidCallbackUrl
        | ErrorCode::InvalidRedirectUrl
        | ErrorCode::InvalidErrorCallbackUrl
        | ErrorCode::InvalidNewUserCallbackUrl => StatusCode::FORBIDDEN,
        ErrorCode::MethodNotAllowedDeferSessionRequired => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
        ErrorCode::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::UserAlreadyExistsUseAnotherEmail | ErrorCode::FailedToCreateUser => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
        ErrorCode::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coded(code) | Self::OfField { code, .. } => f.write_str(code.code()),
            Self::Validation(_) => f.write_str("the body or query does not fit the route"),
            Self::RedirectNotText { label } => write!(f, "{label} is no text"),
            Self::NoFieldsToUpdate => f.write_str("no member of the body can be updated"),
            Self::UnsupportedMediaType { .. } => f.write_str("media type is not one the route reads"),
            Self::InvalidJson => f.write_str("body is no JSON"),
            Self::Unauthorized(refusal) => f.write_str(refusal.code().code()),
            Self::SessionEnded { .. } => f.write_str("the cookie's session is over"),
            Self::DatabaseUnavailable(_) => f.write_str("the database is away"),
            Self::Overloaded { .. } => f.write_str("too many passwords wait to be hashed"),
            Self::RateLimited { .. } => f.write_str("too many requests"),
            Self::Internal(_) => f.write_str("unexpected failure"),
        }
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::DatabaseUnavailable(error) => Some(error),
            Self::Internal(error) => Some(error.as_ref()),
            Self::Coded(_)
            | Self::OfField { .. }
            | Self::Validation(_)
            | Self::RedirectNotText { .. }
            | Self::NoFieldsToUpdate
            | Self::UnsupportedMediaType { .. }
            | Self::InvalidJson
            | Self::Unauthorized(_)
            | Self::SessionEnded { .. }
            | Self::Overloaded { .. }
            | Self::RateLimited { .. } => None,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::RedirectNotText { .. } | Self::NoFieldsToUpdate => StatusCode::BAD_REQUEST,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            other => other.code().map_or(StatusCode::INTERNAL_SERVER_ERROR, status_of),
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponseBuilder::new(self.status_code());
        match self {
            Self::Internal(_) => return answer.finish(),
            Self::Unauthorized(refusal) => {
                answer.insert_header((header::WWW_AUTHENTICATE, refusal.challenge()));
            }
            Self::SessionEnded { clear } => {
                answer.insert_header((header::WWW_AUTHENTICATE, Unauthorized::NoCredentials.challenge()));
                for line in clear {
                    answer.append_header((header::SET_COOKIE, line.as_str()));
                }
            }
            // About the host and not about what is asked: nothing that a cache should give to anybody else.
            Self::Coded(ErrorCode::MisdirectedRequest) => {
                answer.insert_header((header::CACHE_CONTROL, "no-store"));
            }
            Self::DatabaseUnavailable(_) => {
                answer.insert_header((header::RETRY_AFTER, RETRY_AFTER_OUTAGE_SECS));
            }
            Self::Overloaded { retry_after } => {
                answer.insert_header((header::RETRY_AFTER, retry_after.as_secs().max(1)));
            }
            Self::RateLimited { retry_after } => {
                // Rounded up: who comes back when told must not come too early.
                let seconds = retry_after.as_millis().div_ceil(1_000).to_string();
                answer.insert_header((X_RETRY_AFTER, seconds));
            }
            Self::Coded(_)
            | Self::OfField { .. }
            | Self::Validation(_)
            | Self::RedirectNotText { .. }
            | Self::NoFieldsToUpdate
            | Self::UnsupportedMediaType { .. }
            | Self::InvalidJson => {}
        }
        let code = self.code().map(ErrorCode::code);
        answer.json(ErrorBody { message: &self.message(), code })
    }
}

/// The reference's own name for it, which its client reads.
const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// What a client is told to wait when the database is away. The pool itself retries at once, so the
/// shortest wait that the header can say is right.
const RETRY_AFTER_OUTAGE_SECS: u64 = 1;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::UnsafePooler(_) | StoreError::Tls(_) => {
                Self::DatabaseUnavailable(error)
            }
            StoreError::Conflict { .. }
            | StoreError::Rejected { .. }
            | StoreError::Inconsistent { .. }
            | StoreError::Url(_)
            | StoreError::Query(_) => Self::internal(error),
            // The list is `non_exhaustive` across crates; what it gains is unexpected here until it is named.
            other => Self::internal(other),
        }
    }
}

impl From<HashingError> for ApiError {
    fn from(error: HashingError) -> Self {
        match error {
            HashingError::Overloaded { retry_after } => Self::Overloaded { retry_after },
            other => Self::internal(other),
        }
    }
}

impl From<TooManyRequests> for ApiError {
    fn from(error: TooManyRequests) -> Self {
        Self::RateLimited { retry_after: error.wait }
    }
}

impl From<CountError> for ApiError {
    fn from(error: CountError) -> Self {
        match error {
            CountError::TooMany(error) => error.into(),
            CountError::Store(error) => error.into(),
        }
    }
}

impl From<SigningError> for ApiError {
    fn from(error: SigningError) -> Self {
        match error {
            SigningError::Store(error) => error.into(),
            other => Self::internal(other),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Disabled => Self::Coded(ErrorCode::EmailPasswordDisabled),
            SignInError::InvalidEmail => Self::Coded(ErrorCode::InvalidEmail),
            SignInError::PasswordTooLong => Self::Coded(ErrorCode::PasswordTooLong),
            SignInError::EmailNotVerified => Self::Coded(ErrorCode::EmailNotVerified),
            SignInError::InvalidCredentials => Self::Coded(ErrorCode::InvalidEmailOrPassword),
            SignInError::TooManyAttempts(error) => error.into(),
            SignInError::Hashing(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Disabled => Self::Coded(ErrorCode::EmailPasswordSignUpDisabled),
            SignUpError::Password(PasswordLengthError::TooShort { .. }) => {
                Self::Coded(ErrorCode::PasswordTooShort)
            }
            SignUpError::Password(PasswordLengthError::TooLong { .. }) => {
                Self::Coded(ErrorCode::PasswordTooLong)
            }
            SignUpError::EmailTaken => Self::Coded(ErrorCode::UserAlreadyExistsUseAnotherEmail),
            SignUpError::Field(error) => error.into(),
            SignUpError::Mistyped(_) | SignUpError::Unstorable(_) => {
                Self::Coded(ErrorCode::FailedToCreateUser)
            }
            SignUpError::Hashing(error) => error.into(),
            SignUpError::Store(error) => error.into(),
        }
    }
}

/// A value of the wrong kind is for the database to refuse in the reference, which then answers 500.
impl From<FieldInputError> for ApiError {
    fn from(error: FieldInputError) -> Self {
        let message = error.to_string();
        match error {
            FieldInputError::NotAllowed { .. } => Self::OfField { code: ErrorCode::FieldNotAllowed, message },
            FieldInputError::Missing { .. } => Self::OfField { code: ErrorCode::MissingField, message },
            FieldInputError::Mistyped(MistypedField { name, expected }) => {
                Self::Validation(format!("[body.{name}] Invalid input: expected {expected}"))
            }
            // The list is `non_exhaustive` across crates; what it gains is unexpected here until it is named.
            other => Self::internal(other),
        }
    }
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::New(PasswordLengthError::TooShort { .. }) => {
                Self::Coded(ErrorCode::PasswordTooShort)
            }
            ChangePasswordError::New(PasswordLengthError::TooLong { .. })
            | ChangePasswordError::CurrentTooLong => Self::Coded(ErrorCode::PasswordTooLong),
            ChangePasswordError::NoCredential => Self::Coded(ErrorCode::CredentialAccountNotFound),
            ChangePasswordError::TooManyAttempts(error) => error.into(),
            ChangePasswordError::WrongPassword => Self::Coded(ErrorCode::InvalidPassword),
            ChangePasswordError::Hashing(error) => error.into(),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}
