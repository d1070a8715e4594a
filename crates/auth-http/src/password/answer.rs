//! The response to a sign-in with a password on Better Auth's routes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use auth_core::wire::SignInBody;
use auth_core::{UserSession, encode_uri_component};

use crate::web::answer::json;
use crate::web::error::ApiError;

/// Returns the raw session token, the user, and the URL to redirect to.
///
/// # Errors
///
/// 500 if the URL is not a valid header value. The redirect checks refuse such a URL earlier.
pub(crate) fn signed_in(
    principal: &UserSession,
    callback_url: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    // An empty URL is repeated in the body and causes no redirect.
    let target = callback_url.filter(|url| !url.is_empty());
    let body = SignInBody {
        redirect: target.is_some(),
        token: principal.session.token.expose(),
        url: callback_url,
        user: (&principal.user).into(),
    };
    let mut answer = json(StatusCode::OK, &body);
    if let Some(url) = target {
        let location = HeaderValue::from_str(&ascii_address(url)).map_err(ApiError::internal)?;
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// Percent-encodes non-ASCII characters, because header values should be ASCII (RFC 9110 §5.5). Better Auth
/// sends one byte per character, or fails.
fn ascii_address(url: &str) -> String {
    let mut ascii = String::with_capacity(url.len());
    for letter in url.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            ascii.push_str(&encode_uri_component(letter.encode_utf8(&mut [0; 4])));
        }
    }
    ascii
}
