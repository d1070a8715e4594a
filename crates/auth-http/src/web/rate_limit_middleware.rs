//! Refuses clients that ask too often, before a body is read, a password hashed or a route looked up.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use auth_store::Store;

use crate::config::clock::Clock;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::error::ApiError;
use crate::web::rate_limit::RateLimiter;
use crate::web::state::MissingState;

/// Counts a request, whatever its method and whether or not its path is a route.
pub(crate) async fn rate_limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match count(&request).await {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(refusal) => Ok(request.error_response(refusal)),
    }
}

async fn count(request: &ServiceRequest) -> Result<(), ApiError> {
    let limiter = request.app_data::<Data<RateLimiter>>();
    let limiter = limiter.ok_or_else(|| ApiError::internal(MissingState("RateLimiter")))?;
    let store = request.app_data::<Data<Store>>();
    let store = store.ok_or_else(|| ApiError::internal(MissingState("Store")))?;
    let clients = request.app_data::<Data<ClientAddressPolicy>>();
    let clients = clients.ok_or_else(|| ApiError::internal(MissingState("ClientAddressPolicy")))?;
    let clock = request.app_data::<Data<Clock>>();
    let clock = clock.ok_or_else(|| ApiError::internal(MissingState("Clock")))?;
    let client = clients.client_address(request.peer_addr().map(|peer| peer.ip()), request.headers());
    Ok(limiter.count(store, client.as_ref(), request.path(), clock.now()).await?)
}
