//! The data of a request, read once before its handler runs.

use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use actix_web::http::header::{COOKIE, HeaderMap};
use actix_web::{HttpMessage, HttpRequest};
use auth_core::{RequestCookies, SetCookie};
use time::OffsetDateTime;

use super::client::Client;
use super::client_address::ClientAddress;
use super::error::ApiError;
use super::host::ReachedAddress;
use super::response_cookies::ResponseCookies;
use super::services::WebServices;

/// A request, and the cookies that its response will set.
pub(crate) struct RequestContext {
    http: HttpRequest,
    now: OffsetDateTime,
    reached: ReachedAddress,
    client_address: Option<ClientAddress>,
    cookies: OnceCell<RequestCookies>,
    answer: RefCell<ResponseCookies>,
    services: Rc<WebServices>,
}

impl RequestContext {
    /// Combines the data that is read before the route lookup.
    pub(crate) fn new(
        http: HttpRequest,
        now: OffsetDateTime,
        reached: ReachedAddress,
        client_address: Option<ClientAddress>,
        services: Rc<WebServices>,
    ) -> Self {
        Self {
            http,
            now,
            reached,
            client_address,
            cookies: OnceCell::new(),
            answer: RefCell::default(),
            services,
        }
    }

    /// Reads a request that did not pass through the router, for a handler of an app that mounts the routes.
    ///
    /// # Errors
    ///
    /// As [`WebServices::reached`].
    pub(crate) fn read(request: &HttpRequest, services: &Rc<WebServices>) -> Result<Self, ApiError> {
        let (reached, client) = (services.reached(request)?, services.client_address(request));
        Ok(Self::new(request.clone(), services.clock.now(), reached, client, Rc::clone(services)))
    }

    /// The request as received.
    pub(crate) fn http(&self) -> &HttpRequest {
        &self.http
    }

    /// The headers of the request.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.http.headers()
    }

    /// The query string of the request; empty if it has none.
    pub(crate) fn query(&self) -> &str {
        self.http.query_string()
    }

    /// The time at which the request is handled, in whole milliseconds. It is read once, so all decisions
    /// about a request use the same time.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The base URL under which the request reached the server.
    pub(crate) fn reached(&self) -> &ReachedAddress {
        &self.reached
    }

    /// The client's address and software, for storing them with a session.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.client_address.as_ref(), self.headers())
    }

    /// The cookies of the request, parsed once.
    pub(crate) fn cookies(&self) -> &RequestCookies {
        self.cookies
            .get_or_init(|| RequestCookies::parse(self.headers().get_all(COOKIE).map(|line| line.as_bytes())))
    }

    /// The services that all routes share.
    pub(crate) fn services(&self) -> &WebServices {
        &self.services
    }

    /// Returns the value of this type that is cached for this request, or computes it with `read` and caches
    /// it.
    ///
    /// # Errors
    ///
    /// The error of `read`.
    pub(crate) fn once<T: 'static, E>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<Rc<T>, E> {
        let known = self.http.extensions().get::<Rc<T>>().cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let value = Rc::new(read()?);
        self.http.extensions_mut().insert(Rc::clone(&value));
        Ok(value)
    }

    /// Sets cookies in the response.
    pub(crate) fn set_cookies(&self, cookies: impl IntoIterator<Item = SetCookie>) {
        self.answer.borrow_mut().set(cookies);
    }

    /// Sets cookies from a guard. They are sent whatever the handler returns, unless the handler sets cookies
    /// of the same family.
    pub(crate) fn set_cookies_before(&self, cookies: impl IntoIterator<Item = SetCookie>) {
        self.answer.borrow_mut().set_before(cookies);
    }

    /// Passes the cookies that the response will set to `look`.
    pub(crate) fn with_answer_cookies<T>(&self, look: impl FnOnce(&ResponseCookies) -> T) -> T {
        look(&self.answer.borrow())
    }
}

/// Headers and query hold credentials, so `Debug` does not show them.
impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, reached, answer, .. } = self;
        f.debug_struct("RequestContext")
            .field("now", now)
            .field("reached", reached)
            .field("answer", answer)
            .finish_non_exhaustive()
    }
}

/// A request and the caller that its route's guard admitted.
#[derive(Debug)]
pub(crate) struct Context<C> {
    request: Rc<RequestContext>,
    /// The caller.
    pub(crate) caller: C,
}

impl<C> Context<C> {
    pub(crate) fn new(request: Rc<RequestContext>, caller: C) -> Self {
        Self { request, caller }
    }
}

impl<C> Deref for Context<C> {
    type Target = RequestContext;

    fn deref(&self) -> &RequestContext {
        &self.request
    }
}
