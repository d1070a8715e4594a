//! Why a request is refused, and what a client is told of it.

use std::error::Error;

use serde::Serialize;
use time::OffsetDateTime;

use crate::claims::VerifyError;
use crate::wire::ErrorCode;

/// Why a request is refused.
///
/// [`status`](Self::status), [`body`](Self::body) and [`www_authenticate`](Self::www_authenticate) make the answer of
/// Better Auth's shape; a service may answer in a shape of its own instead. The causes are for its log: clients are
/// told the code alone.
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
    /// The request shows nothing.
    #[error("no credentials")]
    NoCredentials,
    /// A session cookie came whose signature is missing or wrong.
    #[error("session cookie has no right signature")]
    ForgedCookie,
    /// An `Authorization: Bearer` header without a token, doubled, or no text.
    #[error("authorization header is malformed")]
    MalformedBearer,
    /// A bearer token that is neither a token of ours nor a session token.
    #[error("bearer token does not verify")]
    InvalidToken(#[source] Option<VerifyError>),
    /// A good token whose time is over.
    #[error("token expired at {expired_at}")]
    TokenExpired {
        /// When it did.
        expired_at: OffsetDateTime,
    },
    /// The session ended, by its time or by a sign-out.
    #[error("session is over")]
    SessionOver(ShownBy),
    /// Whether the session lives cannot be told without looking it up, and there is nowhere to look.
    #[error("session cannot be confirmed without a lookup")]
    Unconfirmed(ShownBy),
    /// The user signed in too long ago for what is asked, or how long ago cannot be told.
    #[error("session is not fresh")]
    NotFresh,
    /// The user lacks the role that is asked.
    #[error("role is missing")]
    MissingRole,
    /// Who was to be asked did not answer. An outage is never "not signed in".
    #[error("sessions cannot be looked up")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// How a session was shown.
///
/// A left-over cookie makes a visitor; a client with a token believes that it is signed in:
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
    /// Gives the code that clients are told.
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

    /// Gives the status: 401, 403 where the caller is known and may not, 503 for an outage.
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

    /// Whether a page that everyone may see is to be shown without a user: the request has no credentials, or
    /// a cookie that is over. A client that sends a bearer token believes it is signed in, so it is refused;
    /// in an outage the user is unknown.
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

    /// Gives the body, JSON: `message`, then `code`.
    pub fn body(&self) -> String {
        let code = self.code();
        let body = Body { message: code.message(), code: code.code() };
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Gives the `WWW-Authenticate` value of a 401 (RFC 6750 §3): an error is named only where a token was sent.
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
