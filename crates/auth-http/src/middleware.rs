//! What every request passes through, outermost first: log line, cross-origin answers, limits, and below the base path
//! the hosts that are answered for and the rules on paths. A panic ends in the nearest of two nets.

pub(crate) mod cors;
pub(crate) mod hosts;
pub(crate) mod limits;
pub(crate) mod panics;
pub(crate) mod paths;
pub(crate) mod rate_limit;
pub(crate) mod request_log;

use actix_web::error::InternalError;
use actix_web::http::header::HeaderMap;

/// Gives an error's answer more headers, without losing the error.
fn with_headers(error: actix_web::Error, add: impl FnOnce(&mut HeaderMap)) -> actix_web::Error {
    let mut response = error.error_response();
    add(response.headers_mut());
    InternalError::from_response(error, response).into()
}
