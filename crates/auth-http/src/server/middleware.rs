//! The middleware that every request passes through. It is one middleware of several steps, because separate
//! ones would cost allocations and copies on every request.

use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceRequest;
use actix_web::middleware::Next;

use super::Outcome;
use super::cors::{CorsPolicy, cors, preflight};
use super::limits::{RequestLimits, limits};
use super::request_log::request_log;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::panics::stray_panics;

/// The settings of the middleware.
#[derive(Clone)]
pub(super) struct Policies {
    /// Limits on requests.
    pub(super) limits: RequestLimits,
    /// CORS; `None` if it is disabled.
    pub(super) cors: Option<CorsPolicy>,
    /// How the address of a client is determined.
    pub(super) clients: ClientAddressPolicy,
}

/// Logs a request, adds CORS headers, applies the limits, catches panics, and answers preflights. All other
/// requests go on to the routes.
pub(super) async fn around(
    policies: Rc<Policies>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Outcome {
    let policies = &*policies;
    let routes = async |request: ServiceRequest| match preflight(policies.cors.as_ref(), &request) {
        Some(answer) => Ok(request.into_response(answer)),
        None => Ok(next.call(request).await?.map_into_boxed_body()),
    };
    let stray_panics = async |request| stray_panics(request, routes).await;
    let limits = async |request| limits(policies.limits, request, stray_panics).await;
    let cors = async |request| cors(policies.cors.as_ref(), request, limits).await;
    request_log(&policies.clients, request, cors).await
}

#[cfg(test)]
mod tests;
