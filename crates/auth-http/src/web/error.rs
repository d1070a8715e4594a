//! Errors of requests, and the responses to them.
//!
//! Each module defines its own errors and converts them to [`ApiError`] next to their definition, with an
//! exhaustive `match`. The body carries only `message` and `code`, in Better Auth's order. The cause stays in
//! [`Error::source`], for the log.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use auth_store::StoreError;
use serde::Serialize;

use super::error_code::{
    ErrorCode, INVALID_TOKEN, MISDIRECTED_REQUEST, SERVICE_UNAVAILABLE, TOKEN_EXPIRED, UNAUTHORIZED,
    VALIDATION_ERROR,
};

/// Why a request is refused.
#[derive(Debug)]
pub enum ApiError {
    /// A code with its fixed message.
    Coded(ErrorCode),
    /// A code with its own message, which may name a field.
    WithMessage {
        /// The code.
        code: ErrorCode,
        /// The message.
        message: String,
    },
    /// A message without a code. Better Auth sends a few of these.
    Uncoded {
        /// The status.
        status: StatusCode,
        /// The message.
        message: String,
    },
    /// Credentials are missing or do not verify.
    Unauthorized(Unauthorized),
    /// A correctly signed cookie belongs to a session that has ended. The response deletes the cookie.
    SessionEnded {
        /// The `Set-Cookie` lines that delete it.
        clear: Vec<String>,
    },
    /// The database is unavailable.
    DatabaseUnavailable(StoreError),
    /// Too many passwords are waiting to be hashed.
    Overloaded {
        /// How long the client should wait before it tries again.
        retry_after: Duration,
    },
    /// The client sends too many requests. Better Auth answers this without a code.
    RateLimited {
        /// How long the client should wait before it tries again.
        retry_after: Duration,
    },
    /// A failure that only a change to the server or its data can fix. The response is 500 with an empty
    /// body, as Better Auth answers on most routes.
    Internal(Box<dyn Error + Send + Sync>),
}

/// Why credentials were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// No credentials were sent, or a cookie whose session has ended.
    NoCredentials,
    /// The token does not verify, or its session has ended.
    InvalidToken,
    /// The token has expired.
    TokenExpired,
}

impl Unauthorized {
    fn code(self) -> ErrorCode {
        match self {
            Self::NoCredentials => UNAUTHORIZED,
            Self::InvalidToken => INVALID_TOKEN,
            Self::TokenExpired => TOKEN_EXPIRED,
        }
    }

    /// The challenge of RFC 6750 §3. It names an error only if a token was sent.
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
    /// Wraps an error that a client cannot fix.
    pub fn internal(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    /// Returns a validation error; `issues` names the fields that are missing or of the wrong type.
    pub(crate) fn validation(issues: impl Into<String>) -> Self {
        Self::WithMessage { code: VALIDATION_ERROR, message: issues.into() }
    }

    /// Returns the code in the response body, for the log.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Coded(code) | Self::WithMessage { code, .. } => Some(*code),
            Self::Unauthorized(refusal) => Some(refusal.code()),
            Self::SessionEnded { .. } => Some(UNAUTHORIZED),
            Self::DatabaseUnavailable(_) | Self::Overloaded { .. } => Some(SERVICE_UNAVAILABLE),
            Self::Uncoded { .. } | Self::RateLimited { .. } | Self::Internal(_) => None,
        }
    }

    fn message(&self) -> &str {
        match self {
            Self::WithMessage { message, .. } | Self::Uncoded { message, .. } => message,
            Self::RateLimited { .. } => "Too many requests. Please try again later.",
            Self::Coded(_)
            | Self::Unauthorized(_)
            | Self::SessionEnded { .. }
            | Self::DatabaseUnavailable(_)
            | Self::Overloaded { .. }
            | Self::Internal(_) => self.code().map_or("", ErrorCode::message),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coded(code) | Self::WithMessage { code, .. } => f.write_str(code.code()),
            Self::Uncoded { status, .. } => write!(f, "refused with status {}", status.as_u16()),
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
            | Self::WithMessage { .. }
            | Self::Uncoded { .. }
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
            Self::Uncoded { status, .. } => *status,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Coded(_)
            | Self::WithMessage { .. }
            | Self::Unauthorized(_)
            | Self::SessionEnded { .. }
            | Self::DatabaseUnavailable(_)
            | Self::Overloaded { .. }
            | Self::Internal(_) => self.code().map_or(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::status),
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
            // This response depends only on the requested host, so a cache must not reuse it for another
            // host.
            Self::Coded(code) if *code == MISDIRECTED_REQUEST => {
                answer.insert_header((header::CACHE_CONTROL, "no-store"));
            }
            Self::DatabaseUnavailable(_) => {
                answer.insert_header((header::RETRY_AFTER, RETRY_AFTER_OUTAGE_SECS));
            }
            Self::Overloaded { retry_after } => {
                answer.insert_header((header::RETRY_AFTER, retry_after.as_secs().max(1)));
            }
            Self::RateLimited { retry_after } => {
                // Rounded up, so that a client that waits this long is not refused again.
                let seconds = retry_after.as_millis().div_ceil(1_000).to_string();
                answer.insert_header((X_RETRY_AFTER, seconds));
            }
            Self::Coded(_) | Self::WithMessage { .. } | Self::Uncoded { .. } => {}
        }
        let code = self.code().map(ErrorCode::code);
        answer.json(ErrorBody { message: self.message(), code })
    }
}

/// Better Auth's own header, which its client reads.
const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// `Retry-After` in seconds while the database is unavailable. The pool retries at once, so the shortest
/// value that the header can express is right.
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
        }
    }
}
