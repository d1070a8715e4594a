//! Writes one log line per request, under an id that the client receives too.
//!
//! A line holds the pattern of the matched route, never the path or the query. Those are sent by the client
//! and may contain tokens.

use std::pin::pin;
use std::time::Instant;

use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use rand::RngExt;
use tracing::{Instrument, Level, error, error_span, info};

use super::{Outcome, with_headers};
use crate::server::logging::chain;
use crate::web::client_address::ClientAddressPolicy;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
use crate::web::router::MatchedRoute;

/// The header that carries the id of a request, in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Length of an id made here, in characters of 5 bits each.
const OWN_ID_LENGTH: usize = 20;
/// Letters and digits of ids made here, without those that look alike.
const OWN_ID_ALPHABET: [u8; 32] = *b"abcdefghijkmnpqrstuvwxyz23456789";
/// Accepted lengths of ids from a client or a proxy.
const FOREIGN_ID_LENGTHS: std::ops::RangeInclusive<usize> = 8..=64;

/// Writes one line per request, and returns its id in the answer.
pub(crate) async fn request_log(
    clients: &ClientAddressPolicy,
    request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Outcome,
) -> Outcome {
    let began = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let peer = request.peer_addr().map(|peer| peer.ip());
    let client = clients.client_address(peer, request.headers());
    // The span has the highest level, so that a filter that hides request lines keeps the id of failed
    // requests.
    let span = error_span!("request", request_id = id.as_str());

    let write = |status: StatusCode, request: Option<&HttpRequest>, failure: Option<&actix_web::Error>| {
        if !tracing::enabled!(Level::INFO) && status.as_u16() < 500 {
            return;
        }
        let duration_ms = (began.elapsed().as_secs_f64() * 1_000_000.0).round() / 1_000.0;
        let client = client.map_or_else(String::new, |client| client.to_string());
        let route = request.and_then(route);
        let route = route.as_deref().unwrap_or("unmatched");
        let (method, status, client) = (method.as_str(), status.as_u16(), client.as_str());
        let known = failure.and_then(|failure| failure.as_error::<ApiError>());
        let code = known.and_then(ApiError::code).map(ErrorCode::code);
        match failure.filter(|_| status >= 500) {
            Some(failure) => {
                let error = known.map_or_else(|| failure.to_string(), |known| chain(known));
                error!(method, route, status, duration_ms, client, code, error, "request failed");
            }
            None => info!(method, route, status, duration_ms, client, code, "request"),
        }
    };
    let name = |headers: &mut HeaderMap| {
        if let Ok(id) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, id);
        }
    };
    // Pinned at once, because a future that is passed on by value is stored twice in the outer future.
    let answer = pin!(async {
        match next(request).await {
            Ok(mut response) => {
                write(response.status(), Some(response.request()), response.response().error());
                name(response.headers_mut());
                Ok(response)
            }
            Err(failure) => {
                write(failure.as_response_error().status_code(), None, Some(&failure));
                Err(with_headers(failure, name))
            }
        }
    });
    answer.instrument(span).await
}

/// Returns the pattern of the route that a request matched, among the auth routes and all other services.
fn route(request: &HttpRequest) -> Option<String> {
    let known = request.extensions().get::<MatchedRoute>().map(|route| route.0.to_string());
    known.or_else(|| request.match_pattern())
}

/// Takes the client's id if it is a plain word, otherwise makes one. The id is written to log lines and
/// answers without escapes.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        FOREIGN_ID_LENGTHS.contains(&id.len()) && id.bytes().all(word)
    };
    let foreign = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    foreign.map_or_else(own_id, str::to_owned)
}

/// Makes an id from one random number.
fn own_id() -> String {
    let number: u128 = rand::rng().random();
    let letter = |at: usize| OWN_ID_ALPHABET.get((number >> (5 * at)) as usize % OWN_ID_ALPHABET.len());
    (0..OWN_ID_LENGTH).filter_map(letter).copied().map(char::from).collect()
}
