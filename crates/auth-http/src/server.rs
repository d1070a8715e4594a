//! The deployable server: its listener, deadlines, probes, log and background work.

mod application;
pub mod cleanup;
mod connection;
mod cors;
mod health;
mod limits;
mod listener;
pub mod logging;
mod middleware;
mod request_log;

use actix_web::dev::ServiceResponse;
use actix_web::error::InternalError;
use actix_web::http::header::HeaderMap;

pub use application::{Application, ApplicationHandle, StartError};
#[cfg(test)]
pub(crate) use middleware::logged;

/// How a request was answered.
type Outcome = Result<ServiceResponse, actix_web::Error>;

/// Gives an error's answer more headers, without losing the error.
fn with_headers(error: actix_web::Error, add: impl FnOnce(&mut HeaderMap)) -> actix_web::Error {
    let mut response = error.error_response();
    add(response.headers_mut());
    InternalError::from_response(error, response).into()
}
