//! What every request passes through, whatever is mounted inside. One middleware of several steps: each of its own would
//! cost allocations and copies on every request.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::Next;

use super::Outcome;
use super::cors::{cors, preflight};
use super::limits::limits;
use super::request_log::request_log;
use crate::web::panics::stray_panics;

/// Logs a request, adds what browsers of other origins need, holds it against the limits, catches panics, and answers
/// preflights; what is left goes on to the routes.
pub(super) async fn around(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    let routes = async |request: ServiceRequest| match preflight(&request) {
        Some(answer) => Ok(request.into_response(answer)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    };
    let stray_panics = async |request| stray_panics(request, routes).await;
    let limits = async |request| limits(request, stray_panics).await;
    let cors = async |request| cors(request, limits).await;
    request_log(request, cors).await
}

/// The log alone, for tests of it.
#[cfg(test)]
pub(crate) async fn logged(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    request_log(request, async |request| Ok(next.call(request).await?.map_into_boxed_body())).await
}
