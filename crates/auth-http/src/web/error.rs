//! Why a request is refused, and the answer that says so.
//!
//! Each module has errors of its own and converts them to [`ApiError`] beside them, by an exhaustive `match`. The body
//! carries `message` and `code` alone, in the reference's order; the cause stays in [`Error::source`] for the log.

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
    /// A code with a message of its own, which may name a field.
    WithMessage {
        /// The code.
        code: ErrorCode,
        /// The message.
        message: String,
    },
    /// A message without a code, as the reference sends a few.
    Uncoded {
        /// The status.
        status: StatusCode,
        /// The message.
        message: String,
    },
    /// Credentials are missing or do not verify.
    Unauthorized(Unauthorized),
    /// A rightly signed cookie came whose session is over; the answer removes it.
    SessionEnded {
        /// The `Set-Cookie` lines that remove it.
        clear: Vec<String>,
    },
    /// The database is away.
    DatabaseUnavailable(StoreError),
    /// Too many passwords wait to be hashed.
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// The client sends too many requests; the reference answers this without a code.
    RateLimited {
        /// When to try again.
        retry_after: Duration,
    },
    /// Something that only a fix of the server or its data can change: 500 with an empty body, as the reference
    /// answers on most routes.
    Internal(Box<dyn Error + Send + Sync>),
}

/// Why credentials were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// None came, or a cookie whose session is over.
    NoCredentials,
    /// A token came that does not verify, or whose session ended.
    InvalidToken,
    /// A token came that is past its end.
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

    /// Names fields that are missing or of the wrong type.
    pub(crate) fn validation(issues: impl Into<String>) -> Self {
        Self::WithMessage { code: VALIDATION_ERROR, message: issues.into() }
    }

    /// Gives the code that the body carries, for the log.
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
            // It depends on the host alone, so a cache must not give it to requests for another one.
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
                // Rounded up, so that a client which waits as told is not refused again.
                let seconds = retry_after.as_millis().div_ceil(1_000).to_string();
                answer.insert_header((X_RETRY_AFTER, seconds));
            }
            Self::Coded(_) | Self::WithMessage { .. } | Self::Uncoded { .. } => {}
        }
        let code = self.code().map(ErrorCode::code);
        answer.json(ErrorBody { message: self.message(), code })
    }
}

/// The reference's own header, which its client reads.
const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

/// `Retry-After` while the database is away, in seconds. The pool retries at once, so the shortest wait that the
/// header can say is right.
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
