//! A route and all facts about it, defined in one place. The router, the guard, the rate limiter, disabled
//! paths, the log and the tests all read it.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::body::Body;
use super::context::{Context, RequestContext};
use super::error::ApiError;
use super::error_code::ErrorCode;
use super::guard::Guard;
use super::input::{self, Input};
use super::rate_limit::window::RateRule;
use super::route_facts::{CachePolicy, RouteFacts};

type Call<S> = Arc<
    dyn Fn(
            Rc<RequestContext>,
            Payload,
            Rc<S>,
            Option<BeforeFields<S>>,
        ) -> LocalBoxFuture<'static, Result<HttpResponse, ApiError>>
        + Send
        + Sync,
>;

/// The step that a route runs on a body before its fields are checked.
pub(crate) type BeforeFields<S> = for<'a> fn(&'a S, &'a mut Body) -> LocalBoxFuture<'a, Result<(), ApiError>>;

/// A route whose handler works with a service `S`.
pub(crate) struct Route<S> {
    facts: RouteFacts,
    before: Option<BeforeFields<S>>,
    call: Call<S>,
}

impl<S: 'static> Route<S> {
    /// Creates a route. The guard runs after the checks of the body and before the handler, as in Better
    /// Auth: an invalid body is 400 with and without a session. [`RouteFacts::access`] comes from the guard,
    /// so the two cannot differ.
    pub(crate) fn new<G, I, H, F>(
        method: Method,
        path: impl Into<Cow<'static, str>>,
        guard: G,
        handler: H,
    ) -> Self
    where
        G: Guard<S>,
        I: Input,
        H: Fn(Context<G::Caller>, I, Rc<S>) -> F + Copy + Send + Sync + 'static,
        F: Future<Output = Result<HttpResponse, ApiError>> + 'static,
    {
        let call: Call<S> = Arc::new(move |request, mut payload, service, before| {
            Box::pin(async move {
                let before = async |body: &mut Body| match before {
                    Some(before) => before(&service, body).await,
                    None => Ok(()),
                };
                let input = input::read::<I>(&request, &mut payload, before).await?;
                let caller = guard.admit(&request, &service).await?;
                handler(Context::new(request, caller), input, service).await
            })
        });
        let facts = RouteFacts {
            method,
            path: path.into(),
            counts_as: None,
            access: guard.access(),
            body: I::BODY,
            cache: CachePolicy::NoStore,
            rate: None,
            summary: "",
            answers: &[],
            errors: &[],
        };
        Self { facts, before: None, call }
    }

    /// Creates a `GET` route.
    pub(crate) fn get<G, I, H, F>(path: impl Into<Cow<'static, str>>, guard: G, handler: H) -> Self
    where
        G: Guard<S>,
        I: Input,
        H: Fn(Context<G::Caller>, I, Rc<S>) -> F + Copy + Send + Sync + 'static,
        F: Future<Output = Result<HttpResponse, ApiError>> + 'static,
    {
        Self::new(Method::GET, path, guard, handler)
    }

    /// Creates a `POST` route.
    pub(crate) fn post<G, I, H, F>(path: impl Into<Cow<'static, str>>, guard: G, handler: H) -> Self
    where
        G: Guard<S>,
        I: Input,
        H: Fn(Context<G::Caller>, I, Rc<S>) -> F + Copy + Send + Sync + 'static,
        F: Future<Output = Result<HttpResponse, ApiError>> + 'static,
    {
        Self::new(Method::POST, path, guard, handler)
    }

    /// Describes the purpose of the route in one sentence.
    pub(crate) fn summary(mut self, summary: &'static str) -> Self {
        self.facts.summary = summary;
        self
    }

    /// Lists the successful responses: the status, and what the body contains.
    pub(crate) fn answers(mut self, answers: &'static [(u16, &'static str)]) -> Self {
        self.facts.answers = answers;
        self
    }

    /// Lists the codes of the route's own errors.
    pub(crate) fn errors(mut self, errors: &'static [ErrorCode]) -> Self {
        self.facts.errors = errors;
        self
    }

    /// Runs `before` on the body before its fields are checked. It may change the body. This is where Better
    /// Auth runs the plugins' `hooks.before`.
    pub(crate) fn before_fields(mut self, before: BeforeFields<S>) -> Self {
        self.before = Some(before);
        self
    }

    /// Makes the route an alias: it is counted and disabled under another path.
    pub(crate) fn counts_as(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.facts.counts_as = Some(path.into());
        self
    }

    /// Sets what caches may store.
    pub(crate) fn cache(mut self, cache: CachePolicy) -> Self {
        self.facts.cache = cache;
        self
    }

    /// Sets the rate limit, unless the settings override it.
    pub(crate) fn rate(mut self, rate: RateRule) -> Self {
        self.facts.rate = Some(rate);
        self
    }

    /// Returns the facts about the route.
    pub(crate) fn facts(&self) -> &RouteFacts {
        &self.facts
    }

    /// Binds the route to a worker's service.
    pub(crate) fn mount(self, service: &Rc<S>) -> MountedRoute {
        let Self { facts, before, call } = self;
        let service = Rc::clone(service);
        let call = move |request, payload| call(request, payload, Rc::clone(&service), before);
        MountedRoute { facts, call: Box::new(call) }
    }
}

/// A route bound to its service.
pub(crate) struct MountedRoute {
    pub(crate) facts: RouteFacts,
    #[expect(clippy::type_complexity, reason = "named nowhere else")]
    pub(crate) call:
        Box<dyn Fn(Rc<RequestContext>, Payload) -> LocalBoxFuture<'static, Result<HttpResponse, ApiError>>>,
}

/// Routes for tests of the modules that read routes.
#[cfg(test)]
pub(crate) mod examples {
    use std::time::Duration;

    use super::*;
    use crate::web::guard::Anyone;
    use crate::web::input::NoBody;
    use crate::web::route_names::RouteNames;

    async fn nothing(_: Context<()>, _: NoBody, _: Rc<()>) -> Result<HttpResponse, ApiError> {
        Ok(HttpResponse::Ok().finish())
    }

    fn route(path: &'static str) -> Route<()> {
        Route::post(path, Anyone, nothing)
    }

    /// Some routes of the token API and of Better Auth.
    pub(crate) fn routes() -> Vec<RouteFacts> {
        let rate = RateRule { window: Duration::from_secs(10), max: 3 };
        let routes = [
            route("/login").counts_as("/sign-in/email").rate(rate),
            route("/sign-in/email").rate(rate),
            route("/register").counts_as("/sign-up/email").rate(rate),
            route("/sign-up/email").rate(rate),
            route("/logout").counts_as("/sign-out"),
            route("/sign-out"),
            route("/get-session"),
            route("/ok"),
        ];
        routes.iter().map(|route| route.facts().clone()).collect()
    }

    /// The names of these routes, and those of the `jwt` plugin if its keys have a path.
    pub(crate) fn names_with_keys(keys: Option<&'static str>) -> RouteNames {
        let mut routes = routes();
        if let Some(keys) = keys {
            let well_known = route("/.well-known/jwks.json").counts_as(keys);
            let plugin = [route("/token"), route(keys), well_known];
            routes.extend(plugin.iter().map(|route| route.facts().clone()));
        }
        RouteNames::of(&routes)
    }
}
