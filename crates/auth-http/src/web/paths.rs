//! What a path decides before a route is looked up: routes that are turned off, slashes that are passed over (Better
//! Auth core §2.2).

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::config::route_path::{RoutePath, below_base};
use crate::route_names::RouteNames;

/// Which paths are answered otherwise than the route table says.
#[derive(Clone, Debug)]
pub(crate) struct PathRules {
    /// Path of the auth routes.
    pub(crate) base_path: String,
    /// Which of the paths are one route's.
    pub(crate) names: RouteNames,
    /// `server.disabled_paths`.
    pub(crate) disabled: Vec<RoutePath>,
    /// `server.skip_trailing_slashes`.
    pub(crate) skip_trailing_slashes: bool,
}

/// Answers for routes that are turned off, before anything is counted or read, and takes a trailing slash away where
/// the settings say so: whatever comes after knows one spelling of a path.
pub(crate) async fn paths(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some(rules) = request.app_data::<Data<PathRules>>().cloned() {
        let path = below_base(request.path(), &rules.base_path);
        if rules.disabled.iter().any(|disabled| disabled.is(path, &rules.names)) {
            let answer = HttpResponse::NotFound().content_type("text/plain;charset=UTF-8").body("Not Found");
            return Ok(request.into_response(answer));
        }
        if let Some(uri) = rules.skip_trailing_slashes.then(|| without_slash(request.uri())).flatten() {
            request.match_info_mut().get_mut().update(&uri);
            request.head_mut().uri = uri;
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Cuts the one slash that a path ends in; a second one before it stays and is no route's.
fn without_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/').filter(|path| !path.is_empty() && !path.ends_with('/'))?;
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}
