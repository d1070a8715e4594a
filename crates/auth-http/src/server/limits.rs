//! Limits on each request: size of its head and path, time to its answer, and which requests are served when
//! connections run out.

use std::pin::pin;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::error::InternalError;
use actix_web::http::{StatusCode, header};
use serde_json::json;

use super::Outcome;
use crate::server::connection::ConnectionState;
use crate::web::error_code::SERVICE_UNAVAILABLE;
use crate::web::probes::is_probe;

/// Limits on each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLimits {
    /// Maximum size of a head, in bytes.
    pub(crate) head: usize,
    /// Maximum length of a path without its query, in bytes.
    pub(crate) path: usize,
    /// Maximum time to the answer.
    pub(crate) handler_timeout: Duration,
}

/// A request that was refused before its handler ran, or cancelled while it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("request head is too large")]
    Head,
    #[error("request path is too long")]
    Path,
    #[error("connections beyond the limit serve health probes only")]
    NoConnectionLeft,
    #[error("request took longer than server.handler_timeout")]
    TooSlow,
}

/// Refuses requests that are too large, and cancels requests that take too long.
pub(crate) async fn limits(
    limits: RequestLimits,
    request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Outcome,
) -> Outcome {
    let connection = request.conn_data::<ConnectionState>().cloned();
    let _running = connection.as_ref().map(ConnectionState::begin_request);
    if let Some(refusal) = refuse(&request, limits, connection.as_ref()) {
        return Ok(request.into_response(refusal.answer()));
    }
    // Pinned first, because a future that is passed on by value is stored twice in the outer future.
    let answer = pin!(next(request));
    match tokio::time::timeout(limits.handler_timeout, answer).await {
        Ok(answer) => answer,
        Err(_elapsed) => {
            Err(InternalError::from_response(Refusal::TooSlow, Refusal::TooSlow.answer()).into())
        }
    }
}

fn refuse(
    request: &ServiceRequest,
    limits: RequestLimits,
    connection: Option<&ConnectionState>,
) -> Option<Refusal> {
    let path = request.path();
    if path.len() > limits.path {
        return Some(Refusal::Path);
    }
    if head_size(request) > limits.head {
        return Some(Refusal::Head);
    }
    let beyond = connection.is_some_and(ConnectionState::is_beyond_limit);
    (beyond && !is_probe(path)).then_some(Refusal::NoConnectionLeft)
}

/// Size of the head on the wire, in bytes: the request line, and `name: value` with a line end for each
/// header.
fn head_size(request: &ServiceRequest) -> usize {
    const LINE: usize = "  HTTP/1.1\r\n".len();
    const HEADER: usize = ": \r\n".len();
    let target = request.head().uri.path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + HEADER).sum();
    request.method().as_str().len() + target + LINE + headers
}

impl Refusal {
    fn answer(self) -> HttpResponse {
        let mut answer = match self {
            // Like the parser's own refusals, these have no body.
            Self::Head => return closing(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).finish(),
            Self::Path => return closing(StatusCode::URI_TOO_LONG).finish(),
            Self::NoConnectionLeft | Self::TooSlow => closing(StatusCode::SERVICE_UNAVAILABLE),
        };
        let code = SERVICE_UNAVAILABLE;
        answer
            .insert_header((header::RETRY_AFTER, RETRY_AFTER_SECS))
            .json(json!({ "message": code.message(), "code": code.code() }))
    }
}

/// Value of `Retry-After`, in seconds. The overload that causes these refusals is over within seconds.
const RETRY_AFTER_SECS: u64 = 1;

fn closing(status: StatusCode) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    // This refusal is temporary, and it replaces an answer that may hold a session. Caches may
    // otherwise store a 414.
    answer.force_close().insert_header((header::CACHE_CONTROL, "no-store"));
    answer
}
