//! CORS: headers for browsers on other origins.
//!
//! The headers name one origin and never `*`, because requests carry cookies. Only a preflight by the Fetch
//! standard is answered here. Any other OPTIONS request goes on to the routes and gets 404, as in the
//! reference.

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

use super::{Outcome, with_headers};
use crate::web::expose::expose;

/// Which origins are trusted, and for how long browsers may cache the answer to a preflight.
#[derive(Clone)]
pub(crate) struct CorsPolicy {
    /// Whether an origin is trusted.
    pub(crate) trusts: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Time for which a browser may cache the answer to a preflight.
    pub(crate) max_age: Duration,
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// Request headers that Better Auth's client and token callers send, beyond those that browsers allow by
/// default.
const HEADERS: HeaderValue = HeaderValue::from_static("content-type, authorization, x-request-id");
/// Response headers that scripts may read on every route: the request id, and the time after which to retry.
const EXPOSED: [&str; 3] = ["x-request-id", "retry-after", "x-retry-after"];
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Adds the CORS headers for trusted origins to every answer, including refusals by the limits.
pub(crate) async fn cors(
    policy: Option<&CorsPolicy>,
    request: ServiceRequest,
    next: impl AsyncFnOnce(ServiceRequest) -> Outcome,
) -> Outcome {
    let Some(policy) = policy else { return next(request).await };
    let trusted = trusted_origin(&request, policy);
    let is_preflight = is_preflight(&request);
    let mark = |headers: &mut HeaderMap| {
        // The answer depends on the origin even if this one is not trusted, so caches must not mix them up.
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

/// Returns the answer to a preflight; `None` for every other request.
pub(crate) fn preflight(policy: Option<&CorsPolicy>, request: &ServiceRequest) -> Option<HttpResponse> {
    let policy = policy.filter(|_| is_preflight(request))?;
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
