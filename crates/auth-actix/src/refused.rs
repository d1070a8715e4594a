//! The error of the extractors.

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use auth_core::Refusal;

use crate::authentication::Answer;

/// Why an extractor refused a request.
pub struct Refused(Cause);

enum Cause {
    /// The caller was refused, or sessions could not be looked up.
    Refusal { refusal: Refusal, answer: Arc<Answer> },
    /// The app has no `Authentication`, which is a programming error.
    NoAuthentication,
}

impl Refused {
    pub(crate) fn new(refusal: Refusal, answer: Arc<Answer>) -> Self {
        Self(Cause::Refusal { refusal, answer })
    }

    pub(crate) fn no_authentication() -> Self {
        Self(Cause::NoAuthentication)
    }

    /// Returns the refusal, for the log; `None` if the app has no [`Authentication`](crate::Authentication).
    pub fn refusal(&self) -> Option<&Refusal> {
        match &self.0 {
            Cause::Refusal { refusal, .. } => Some(refusal),
            Cause::NoAuthentication => None,
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        let status = self.refusal().and_then(|refusal| StatusCode::from_u16(refusal.status()).ok());
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        match &self.0 {
            Cause::Refusal { refusal, answer } => answer(refusal),
            Cause::NoAuthentication => HttpResponse::InternalServerError().finish(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Refusal { refusal, .. } => refusal.fmt(f),
            Cause::NoAuthentication => {
                f.write_str("the app has no auth_actix::Authentication: add it with `app_data`")
            }
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
