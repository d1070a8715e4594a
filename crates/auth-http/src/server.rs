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

/// The response to a request, or the error that produces one.
type Outcome = Result<ServiceResponse, actix_web::Error>;

/// Adds headers to the response of an error and keeps the error.
fn with_headers(error: actix_web::Error, add: impl FnOnce(&mut HeaderMap)) -> actix_web::Error {
    let mut response = error.error_response();
    add(response.headers_mut());
    InternalError::from_response(error, response).into()
}
