//! Refuses requests for hosts that this server does not answer for, before anything else is done for them.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use crate::session::site::Site;

/// Answers 421 where `server.allowed_hosts` lacks the host (RFC 9110 §15.5.20). Better Auth leaves such a request without an
/// answer of its own.
pub(crate) async fn hosts(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match Site::of(request.request()) {
        Ok(_) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(refusal) => Ok(request.error_response(refusal)),
    }
}
