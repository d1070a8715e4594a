//! What a refusal says to a client: a code, its message, and the status it comes with.
//!
//! A constant stands beside the code that answers with it. Those here are of no single feature.

use actix_web::http::StatusCode;
use auth_core::wire;

/// A code of an error body, with its fixed message and its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl ErrorCode {
    /// Names a code, worded as Better Auth 1.7.25 does where it has the same.
    pub const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    /// Gives a code that services answer with too the status that it has here.
    pub(crate) const fn shared(status: StatusCode, code: wire::ErrorCode) -> Self {
        Self::new(status, code.code(), code.message())
    }

    /// The `code` member.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The `message` member, unless the answer has a longer one.
    pub const fn message(self) -> &'static str {
        self.message
    }

    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        self.status
    }
}

/// The request is not well-formed.
pub(crate) const BAD_REQUEST: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Bad Request");
/// A field of the body or query is missing or of the wrong type.
pub(crate) const VALIDATION_ERROR: ErrorCode =
    ErrorCode::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "Validation Error");
/// The body's media type is not one that the route reads.
pub(crate) const UNSUPPORTED_MEDIA_TYPE: ErrorCode =
    ErrorCode::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type");
/// The body is over the size limit.
pub(crate) const PAYLOAD_TOO_LARGE: ErrorCode =
    ErrorCode::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", "Request body is too large");
/// The body did not arrive in time.
pub(crate) const REQUEST_TIMEOUT: ErrorCode =
    ErrorCode::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "Request timed out");
/// No credentials came, or a cookie whose session is over.
pub(crate) const UNAUTHORIZED: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::Unauthorized);
/// A token came that does not verify, or whose session is over.
pub(crate) const INVALID_TOKEN: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::InvalidToken);
/// A token came that is past its end.
pub(crate) const TOKEN_EXPIRED: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::TokenExpired);
/// The request names a host that this server does not answer for.
pub(crate) const MISDIRECTED_REQUEST: ErrorCode =
    ErrorCode::new(StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST", "Host is not allowed");
/// The server or its database is busy or away.
pub(crate) const SERVICE_UNAVAILABLE: ErrorCode =
    ErrorCode::shared(StatusCode::SERVICE_UNAVAILABLE, wire::ErrorCode::ServiceUnavailable);

/// The codes of this file.
pub(crate) const CODES: &[ErrorCode] = &[
    BAD_REQUEST,
    VALIDATION_ERROR,
    UNSUPPORTED_MEDIA_TYPE,
    PAYLOAD_TOO_LARGE,
    REQUEST_TIMEOUT,
    UNAUTHORIZED,
    INVALID_TOKEN,
    TOKEN_EXPIRED,
    MISDIRECTED_REQUEST,
    SERVICE_UNAVAILABLE,
];
