//! Responses to refused requests.

use auth_core::Refusal;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

/// Builds the response to a refused request. Closures `Fn(&Refusal) -> Response<B>` implement it.
pub trait Answer<B> {
    /// Builds the response to a refused request.
    fn answer(&self, refusal: &Refusal) -> Response<B>;
}

impl<B, F: Fn(&Refusal) -> Response<B>> Answer<B> for F {
    fn answer(&self, refusal: &Refusal) -> Response<B> {
        self(refusal)
    }
}

/// Responses in Better Auth's shape: status, `{"message":…,"code":…}`, `WWW-Authenticate`. For services whose
/// body type implements `From<String>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BetterAuthAnswer;

impl<B: From<String>> Answer<B> for BetterAuthAnswer {
    fn answer(&self, refusal: &Refusal) -> Response<B> {
        let mut response = Response::new(B::from(refusal.body()));
        *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = refusal.www_authenticate() {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
