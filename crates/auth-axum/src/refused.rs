//! The rejection of the extractors.

use std::fmt;
use std::sync::Arc;

use auth_core::Refusal;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;

use crate::authentication::SharedAnswer;

/// Why an extractor refused a request.
pub struct Refused(Cause);

enum Cause {
    /// The caller was refused, or sessions could not be looked up.
    Refusal { refusal: Refusal, answer: Arc<SharedAnswer> },
    /// The router has no `Authentication`, which is a programming error.
    NoAuthentication,
}

impl Refused {
    pub(crate) fn new(refusal: Refusal, answer: Arc<SharedAnswer>) -> Self {
        Self(Cause::Refusal { refusal, answer })
    }

    pub(crate) fn no_authentication() -> Self {
        Self(Cause::NoAuthentication)
    }

    /// Returns the refusal, for the log; `None` if the router has no
    /// [`Authentication`](crate::Authentication).
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0 {
            Cause::Refusal { refusal, .. } => Some(refusal),
            Cause::NoAuthentication => None,
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self.0 {
            Cause::Refusal { refusal, answer } => answer(&refusal),
            Cause::NoAuthentication => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Refusal { refusal, .. } => refusal.fmt(f),
            Cause::NoAuthentication => f.write_str(
                "the router has no auth_axum::Authentication: add `.layer(Extension(authentication))`",
            ),
        }
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Refusal { refusal, .. } => f.debug_tuple("Refused").field(refusal).finish(),
            Cause::NoAuthentication => f.write_str("Refused(NoAuthentication)"),
        }
    }
}

impl std::error::Error for Refused {}
