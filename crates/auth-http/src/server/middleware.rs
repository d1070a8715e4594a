//! The middleware that every request passes through. It is one middleware of several steps, because separate
//! ones would cost allocations and copies on every request.

use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::Next;

use super::Outcome;
use super::cors::{cors, preflight};
use super::limits::limits;
use super::request_log::request_log;
use crate::web::panics::stray_panics;

/// Logs a request, adds CORS headers, applies the limits, catches panics, and answers preflights. All other
/// requests go on to the routes.
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

/// Only the request log, for its tests.
#[cfg(test)]
pub(crate) async fn logged(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Outcome {
    request_log(request, async |request| Ok(next.call(request).await?.map_into_boxed_body())).await
}
