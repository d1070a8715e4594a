//! Cross-origin answers for browsers.
//!
//! Origins are named one by one and never `*`, since requests carry cookies. Only what is a preflight by the
//! Fetch standard is answered here; any other OPTIONS request goes on, to the 404 that the reference gives
//! it.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::web::Data;

use super::{Outcome, with_headers};
use crate::web::expose::expose;

/// Which origins are answered, and for how long browsers may remember it.
#[derive(Clone)]
pub(crate) struct CorsPolicy {
    /// Tells whether an origin is trusted.
    pub(crate) trusts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Time a browser may remember a preflight's answer.
    pub(crate) max_age: Duration,
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// What Better Auth's client and token callers send beyond what browsers allow by themselves.
const HEADERS: HeaderValue = HeaderValue::from_static("content-type, authorization, x-request-id");
/// What scripts may read beside what a route exposes: the request's id, and what tells them when to try again.
const EXPOSED: [&str; 3] = ["x-request-id", "retry-after", "x-retry-after"];
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Adds the headers of trusted origins to every answer, refusals of the limits included.
pub(crate) async fn cors(
    request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Outcome,
) -> Outcome {
    let Some(policy) = request.app_data::<Data<CorsPolicy>>() else { return next(request).await };
    let trusted = trusted_origin(&request, policy);
    let is_preflight = is_preflight(&request);
    let mark = |headers: &mut HeaderMap| {
        // The answer depends on the origin whether or not this one is trusted: caches must not mix them up.
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = trusted {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            if !is_preflight {
                EXPOSED.iter().for_each(|name| expose(headers, name));
            }
        }
    };
    match next(request).await {
        Ok(mut response) => {
            mark(response.headers_mut());
            Ok(response)
        }
        Err(error) => Err(with_headers(error, mark)),
    }
}

/// Gives the answer to a preflight; `None` for every other request.
pub(crate) fn preflight(request: &ServiceRequest) -> Option<HttpResponse> {
    if !is_preflight(request) {
        return None;
    }
    let policy = request.app_data::<Data<CorsPolicy>>()?;
    let mut answer = HttpResponse::NoContent().finish();
    if trusted_origin(request, policy).is_some() {
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(policy.max_age.as_secs()));
    }
    Some(answer)
}

fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn trusted_origin(request: &ServiceRequest, policy: &CorsPolicy) -> Option<HeaderValue> {
    let origin = request.headers().get(ORIGIN)?;
    origin.to_str().is_ok_and(|origin| (policy.trusts)(origin)).then(|| origin.clone())
}
