//! Why a request is refused, and what the client sees of the reason.

use std::error::Error;

use serde::Serialize;
use time::OffsetDateTime;

use crate::claims::VerifyError;
use crate::wire::ErrorCode;

/// Why a request is refused.
///
/// [`status`](Self::status), [`body`](Self::body) and [`www_authenticate`](Self::www_authenticate) form a
/// response in Better Auth's shape; a service may respond in its own shape instead. The causes are for the
/// service's log; clients see only the code.
///
/// ```
/// use auth_core::Refusal;
///
/// let refusal = Refusal::NoCredentials;
/// assert_eq!(refusal.status(), 401);
/// assert_eq!(refusal.body(), r#"{"message":"Unauthorized","code":"UNAUTHORIZED"}"#);
/// assert_eq!(refusal.www_authenticate(), Some("Bearer"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request has no credentials.
    #[error("no credentials")]
    NoCredentials,
    /// The signature of the session cookie is missing or wrong.
    #[error("session cookie has no right signature")]
    ForgedCookie,
    /// The `Authorization: Bearer` header has no token, occurs twice, or is not text.
    #[error("authorization header is malformed")]
    MalformedBearer,
    /// The bearer token is neither a valid token of the server nor a session token.
    #[error("bearer token does not verify")]
    InvalidToken(#[source] Option<VerifyError>),
    /// A valid token that has expired.
    #[error("token expired at {expired_at}")]
    TokenExpired {
        /// The time of its expiry.
        expired_at: OffsetDateTime,
    },
    /// The session has expired, or the user has signed out.
    #[error("session is over")]
    SessionOver(ShownBy),
    /// The session must be looked up to know whether it is alive, but there is no lookup.
    #[error("session cannot be confirmed without a lookup")]
    Unconfirmed(ShownBy),
    /// The user signed in too long ago for this request, or the sign-in time is unknown.
    #[error("session is not fresh")]
    NotFresh,
    /// The user lacks the required role.
    #[error("role is missing")]
    MissingRole,
    /// The lookup failed. An outage must not count as "not signed in".
    #[error("sessions cannot be looked up")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Where a request carried the session.
///
/// A request with an ended session in a cookie is anonymous. A client with a bearer token expects to be
/// signed in:
///
/// ```
/// use auth_core::{Refusal, ShownBy};
///
/// assert!(Refusal::SessionOver(ShownBy::Cookie).is_anonymous());
/// assert!(!Refusal::SessionOver(ShownBy::Bearer).is_anonymous());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownBy {
    /// In the `Authorization` header.
    Bearer,
    /// In the session cookie.
    Cookie,
}

#[derive(Serialize)]
struct Body {
    message: &'static str,
    code: &'static str,
}

impl Refusal {
    /// Returns the code that clients see.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoCredentials
            | Self::ForgedCookie
            | Self::SessionOver(ShownBy::Cookie)
            | Self::Unconfirmed(ShownBy::Cookie) => ErrorCode::Unauthorized,
            Self::MalformedBearer
            | Self::InvalidToken(_)
            | Self::SessionOver(ShownBy::Bearer)
            | Self::Unconfirmed(ShownBy::Bearer) => ErrorCode::InvalidToken,
            Self::TokenExpired { .. } => ErrorCode::TokenExpired,
            Self::NotFresh => ErrorCode::SessionNotFresh,
            Self::MissingRole => ErrorCode::Forbidden,
            Self::Unavailable(_) => ErrorCode::ServiceUnavailable,
        }
    }

    /// Returns the status: 401; 403 if the caller is known but not allowed; 503 for an outage.
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFresh | Self::MissingRole => 403,
            Self::Unavailable(_) => 503,
            Self::NoCredentials
            | Self::ForgedCookie
            | Self::MalformedBearer
            | Self::InvalidToken(_)
            | Self::TokenExpired { .. }
            | Self::SessionOver(_)
            | Self::Unconfirmed(_) => 401,
        }
    }

    /// Whether a public page should be shown without a user: the request has no credentials, or only a cookie
    /// that is no longer valid. A client that sends a bearer token expects to be signed in, so it is refused.
    /// In an outage the user is unknown, so the request is refused too.
    pub fn is_anonymous(&self) -> bool {
        match self {
            Self::NoCredentials
            | Self::ForgedCookie
            | Self::SessionOver(ShownBy::Cookie)
            | Self::Unconfirmed(ShownBy::Cookie) => true,
            Self::MalformedBearer
            | Self::InvalidToken(_)
            | Self::TokenExpired { .. }
            | Self::SessionOver(ShownBy::Bearer)
            | Self::Unconfirmed(ShownBy::Bearer)
            | Self::NotFresh
            | Self::MissingRole
            | Self::Unavailable(_) => false,
        }
    }

    /// Returns the JSON body: `message`, then `code`.
    pub fn body(&self) -> String {
        let code = self.code();
        let body = Body { message: code.message(), code: code.code() };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Returns the `WWW-Authenticate` value of a 401 (RFC 6750 §3). It names an error only if the request had
    /// a token.
    pub fn www_authenticate(&self) -> Option<&'static str> {
        match self {
            Self::TokenExpired { .. } => {
                Some(r#"Bearer error="invalid_token", error_description="The token expired""#)
            }
            Self::MalformedBearer
            | Self::InvalidToken(_)
            | Self::SessionOver(ShownBy::Bearer)
            | Self::Unconfirmed(ShownBy::Bearer) => Some(r#"Bearer error="invalid_token""#),
            Self::NoCredentials
            | Self::ForgedCookie
            | Self::SessionOver(ShownBy::Cookie)
            | Self::Unconfirmed(ShownBy::Cookie) => Some("Bearer"),
            Self::NotFresh | Self::MissingRole | Self::Unavailable(_) => None,
        }
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Expired { expired_at } => Self::TokenExpired { expired_at },
            error @ (VerifyError::Jws(_)
            | VerifyError::WrongType
            | VerifyError::OtherKind { .. }
            | VerifyError::MissingClaim { .. }
            | VerifyError::MalformedClaim { .. }
            | VerifyError::NotYetValid { .. }
            | VerifyError::IssuedInTheFuture
            | VerifyError::WrongIssuer
            | VerifyError::WrongAudience) => Self::InvalidToken(Some(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_look_as_those_of_the_server() {
        let check = |refusal: Refusal, status: u16, body: &str, challenge: Option<&str>| {
            assert_eq!(refusal.status(), status, "{refusal:?}");
            assert_eq!(refusal.body(), body, "{refusal:?}");
            assert_eq!(refusal.www_authenticate(), challenge, "{refusal:?}");
        };
        let unauthorized = r#"{"message":"Unauthorized","code":"UNAUTHORIZED"}"#;
        let invalid = r#"{"message":"Invalid token","code":"INVALID_TOKEN"}"#;
        let (plain, named) = (Some("Bearer"), Some(r#"Bearer error="invalid_token""#));
        check(Refusal::NoCredentials, 401, unauthorized, plain);
        check(Refusal::ForgedCookie, 401, unauthorized, plain);
        check(Refusal::SessionOver(ShownBy::Cookie), 401, unauthorized, plain);
        check(Refusal::SessionOver(ShownBy::Bearer), 401, invalid, named);
        check(Refusal::MalformedBearer, 401, invalid, named);
        check(Refusal::InvalidToken(None), 401, invalid, named);
        check(
            Refusal::TokenExpired { expired_at: OffsetDateTime::UNIX_EPOCH },
            401,
            r#"{"message":"Token expired","code":"TOKEN_EXPIRED"}"#,
            Some(r#"Bearer error="invalid_token", error_description="The token expired""#),
        );
        check(
            Refusal::NotFresh,
            403,
            r#"{"message":"Session is not fresh","code":"SESSION_NOT_FRESH"}"#,
            None,
        );
        check(Refusal::MissingRole, 403, r#"{"message":"Forbidden","code":"FORBIDDEN"}"#, None);
        check(
            Refusal::Unavailable(Box::new(std::io::Error::other("away"))),
            503,
            r#"{"message":"Service unavailable","code":"SERVICE_UNAVAILABLE"}"#,
            None,
        );
    }
}
