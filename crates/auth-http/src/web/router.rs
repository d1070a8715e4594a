//! Finds the route of a request and answers it. The order is: host, disabled paths, rate limit, route, input,
//! caller, handler, cookies.

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::dev::{HttpServiceFactory, Payload};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue, PRAGMA};
use actix_web::web;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, Route, guard};

use super::context::RequestContext;
use super::error::ApiError;
use super::panics::caught;
use super::route::MountedRoute;
use super::route_facts::CachePolicy;
use super::services::WebServices;

/// Adds headers to a response, after its cookies are written.
pub(crate) type AnswerHook = Rc<dyn Fn(&RequestContext, &mut HeaderMap)>;

/// The pattern of the route that a request matched, for the log. The log never shows the path or the query,
/// because the client chooses them and they may hold tokens.
#[derive(Clone, Debug)]
pub(crate) struct MatchedRoute(pub(crate) Rc<str>);

/// Answers the requests of one worker.
#[derive(Clone)]
pub(crate) struct Router(Rc<Table>);

/// Where the request's path is mounted.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Below the base path.
    BelowBase,
    /// At this path of the server's root, which is also a path below the base path.
    Root(&'static str),
}

struct Table {
    services: Rc<WebServices>,
    /// Keyed by the path below the base path.
    paths: HashMap<String, Path>,
    hooks: Vec<AnswerHook>,
}

struct Path {
    pattern: MatchedRoute,
    routes: Vec<MountedRoute>,
}

impl Router {
    /// Takes the routes, and the hooks that change their responses.
    pub(crate) fn new(
        services: Rc<WebServices>,
        routes: impl IntoIterator<Item = MountedRoute>,
        hooks: Vec<AnswerHook>,
    ) -> Self {
        let mut paths: HashMap<String, Path> = HashMap::new();
        for route in routes {
            let pattern = format!("{}{}", services.paths.base_path, route.facts.path);
            let path = paths
                .entry(route.facts.path.clone().into_owned())
                .or_insert_with(|| Path { pattern: MatchedRoute(pattern.into()), routes: Vec::new() });
            path.routes.push(route);
        }
        Self(Rc::new(Table { services, paths, hooks }))
    }

    /// Serves everything below the base path.
    pub(crate) fn scope(&self) -> impl HttpServiceFactory + use<> {
        let router = self.clone();
        let base_path = &self.0.services.paths.base_path;
        web::scope(base_path).default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
            let router = router.clone();
            async move { router.0.answer(request, payload.into_inner(), Place::BelowBase).await }
        }))
    }

    /// Serves every request that no other service takes, for a server without other routes. A scope would
    /// match and copy the path once more and box another future for each request.
    pub(crate) fn default_service(&self) -> Route {
        let router = self.clone();
        web::to(move |request: HttpRequest, payload: web::Payload| {
            let router = router.clone();
            async move {
                let base_path = &router.0.services.paths.base_path;
                if is_below(request.match_info().unprocessed(), base_path) {
                    router.0.answer(request, payload.into_inner(), Place::BelowBase).await
                } else {
                    not_found()
                }
            }
        })
    }

    /// Serves one route at a path of the server's root, outside the base path, where other software expects
    /// it. It is counted and disabled as below the base path.
    pub(crate) fn at_root(&self, path: &'static str) -> impl HttpServiceFactory + use<> {
        let router = self.clone();
        web::resource(path).guard(guard::fn_guard(move |context| context.head().uri.path() == path)).to(
            move |request: HttpRequest, payload: web::Payload| {
                let router = router.clone();
                request.extensions_mut().insert(MatchedRoute(path.into()));
                async move { router.0.answer(request, payload.into_inner(), Place::Root(path)).await }
            },
        )
    }
}

impl Table {
    async fn answer(&self, request: HttpRequest, payload: Payload, place: Place) -> HttpResponse {
        match self.try_answer(request, payload, place).await {
            Ok(answer) => answer,
            Err(refusal) => HttpResponse::from_error(refusal),
        }
    }

    async fn try_answer(
        &self,
        request: HttpRequest,
        payload: Payload,
        place: Place,
    ) -> Result<HttpResponse, ApiError> {
        let services = &self.services;
        let reached = services.reached(&request)?;
        let sent_path = request.uri().path();
        if services.paths.is_disabled(sent_path) {
            return Ok(HttpResponse::NotFound().content_type("text/plain;charset=UTF-8").body("Not Found"));
        }
        let now = services.clock.now();
        let client = services.client_address(&request);
        services.count(client.as_ref(), sent_path, now).await?;
        let path = match place {
            Place::BelowBase => services.paths.route(sent_path),
            Place::Root(path) => Some(path),
        };
        let Some(path) = path.and_then(|path| self.paths.get(path)) else { return Ok(not_found()) };
        if !request.extensions().contains::<MatchedRoute>() {
            request.extensions_mut().insert(path.pattern.clone());
        }
        let Some(route) = path.routes.iter().find(|route| route.facts.method == *request.method()) else {
            return Ok(not_found());
        };
        let context = RequestContext::new(request, now, reached, client, Rc::clone(services));
        Ok(self.run(route, Rc::new(context), payload).await)
    }

    async fn run(&self, route: &MountedRoute, context: Rc<RequestContext>, payload: Payload) -> HttpResponse {
        let answer = match caught((route.call)(Rc::clone(&context), payload).as_mut()).await {
            Ok(answer) => answer,
            Err(panic) => Err(self.services.panics.note(panic)),
        };
        let mut answer = answer.unwrap_or_else(HttpResponse::from_error);
        let headers = answer.headers_mut();
        context.with_answer_cookies(|cookies| cookies.write(headers));
        for hook in &self.hooks {
            hook(&context, headers);
        }
        forbid_caching(route.facts.cache, headers);
        answer
    }
}

/// Whether a path is a base path or below it, as a scope of Actix matches it.
fn is_below(path: &str, base_path: &str) -> bool {
    path.strip_prefix(base_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// An unknown path or method: 404 without body or content type, as Better Auth answers.
pub(crate) fn not_found() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

fn forbid_caching(policy: CachePolicy, headers: &mut HeaderMap) {
    let says = |headers: &mut HeaderMap, name, value| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    match policy {
        CachePolicy::Storable => {}
        CachePolicy::NoStore => says(headers, CACHE_CONTROL, "no-store"),
        CachePolicy::NoStorePragma => {
            says(headers, CACHE_CONTROL, "no-store");
            says(headers, PRAGMA, "no-cache");
        }
    }
}
