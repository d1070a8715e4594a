//! Error codes: the code, message and status of an error response.
//!
//! Each constant is defined next to the code that uses it. This file holds the codes that belong to no single
//! feature.

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
    /// Defines a code. If Better Auth 1.7.25 has the same code, the wording is the same.
    pub const fn new(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, code, message }
    }

    /// Adds a status to a code that services return too.
    pub(crate) const fn shared(status: StatusCode, code: wire::ErrorCode) -> Self {
        Self::new(status, code.code(), code.message())
    }

    /// The `code` member.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The `message` member, unless the response has a longer one.
    pub const fn message(self) -> &'static str {
        self.message
    }

    /// The status of the response.
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
/// No credentials were sent, or a cookie whose session has ended.
pub(crate) const UNAUTHORIZED: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::Unauthorized);
/// The token does not verify, or its session has ended.
pub(crate) const INVALID_TOKEN: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::InvalidToken);
/// The token has expired.
pub(crate) const TOKEN_EXPIRED: ErrorCode =
    ErrorCode::shared(StatusCode::UNAUTHORIZED, wire::ErrorCode::TokenExpired);
/// The request names a host that this server does not serve.
pub(crate) const MISDIRECTED_REQUEST: ErrorCode =
    ErrorCode::new(StatusCode::MISDIRECTED_REQUEST, "MISDIRECTED_REQUEST", "Host is not allowed");
/// The server or its database is overloaded or unavailable.
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
