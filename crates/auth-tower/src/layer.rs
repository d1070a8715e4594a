//! The layer and its service.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use auth_core::{Principal, Refusal};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::{Answer, BetterAuthAnswer};
use crate::authentication::Authentication;

/// Passes on requests of signed-in callers and refuses all others.
#[derive(Clone, Debug)]
pub struct AuthLayer<A = BetterAuthAnswer> {
    authentication: Authentication,
    answer: Arc<A>,
    is_optional: bool,
}

impl AuthLayer {
    /// Uses this authentication. Refusals have Better Auth's shape.
    pub fn new(authentication: Authentication) -> Self {
        Self { authentication, answer: Arc::new(BetterAuthAnswer), is_optional: false }
    }
}

impl<A> AuthLayer<A> {
    /// Replaces the response to refused requests.
    pub fn on_refusal<N>(self, answer: N) -> AuthLayer<N> {
        let Self { authentication, answer: _, is_optional } = self;
        AuthLayer { authentication, answer: Arc::new(answer), is_optional }
    }

    /// Also passes on requests without credentials, or with a session cookie that is no longer valid; they
    /// have no principal. A bearer token that does not verify is refused. While sessions cannot be looked up,
    /// every request that needs a lookup is refused.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }
}

impl<S, A> Layer<S> for AuthLayer<A> {
    type Service = AuthService<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        let Self { authentication, answer, is_optional } = self;
        AuthService {
            inner,
            authentication: authentication.clone(),
            answer: Arc::clone(answer),
            is_optional: *is_optional,
        }
    }
}

/// The service of an [`AuthLayer`].
#[derive(Debug)]
pub struct AuthService<S, A = BetterAuthAnswer> {
    inner: S,
    authentication: Authentication,
    answer: Arc<A>,
    is_optional: bool,
}

impl<S: Clone, A> Clone for AuthService<S, A> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            authentication: self.authentication.clone(),
            answer: Arc::clone(&self.answer),
            is_optional: self.is_optional,
        }
    }
}

impl<S, A, Sent, Answered> Service<Request<Sent>> for AuthService<S, A>
where
    S: Service<Request<Sent>, Response = Response<Answered>> + Clone + Send + 'static,
    S::Future: Send,
    A: Answer<Answered> + Send + Sync + 'static,
    Sent: Send + 'static,
{
    type Response = Response<Answered>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Sent>) -> Self::Future {
        // The future must own the service that was polled ready; a clone replaces it.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (authentication, answer) = (self.authentication.clone(), Arc::clone(&self.answer));
        let is_optional = self.is_optional;
        Box::pin(async move {
            // A principal that an outer layer has inserted is ignored.
            request.extensions_mut().remove::<Principal>();
            match authenticate(&authentication, &request, is_optional).await {
                Ok(Some(principal)) => {
                    request.extensions_mut().insert(principal);
                }
                Ok(None) => {}
                Err(refusal) => return Ok(answer.answer(&refusal)),
            }
            inner.call(request).await
        })
    }
}

fn authenticate<Sent>(
    authentication: &Authentication,
    request: &Request<Sent>,
    is_optional: bool,
) -> impl Future<Output = Result<Option<Principal>, Refusal>> + Send + use<Sent> {
    let credentials = Authentication::read(request.headers());
    let authentication = authentication.clone();
    async move {
        let now = authentication.now();
        match authentication.authenticator().authenticate(&credentials, now).await {
            Ok(principal) => Ok(Some(principal)),
            Err(refusal) if is_optional && refusal.is_anonymous() => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}
