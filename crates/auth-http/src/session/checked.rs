//! A body that passed every check before the handler runs, in the reference's order (Better Auth core §3):
//! media type, syntax, origin and redirects, fields, login origin.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::credentials::Acting;
use crate::session::caller::{CacheUse, Caller};
use crate::web::body::{Body, MediaTypes};
use crate::web::error::ApiError;
use crate::web::origin::OriginPolicy;
use crate::web::state::{BodyLimits, MissingState};

/// A route's input.
pub(crate) trait RouteBody: Sized + 'static {
    /// Which media types the route reads.
    const MEDIA_TYPES: MediaTypes;

    /// Whether the route signs a user in, so that [`OriginPolicy::check_login_request`] applies.
    const IS_LOGIN: bool;

    /// What a good cookie cache is worth to the route, if it is a guarded one.
    const CACHE_USE: CacheUse = CacheUse::Ignored;

    /// Checks the fields.
    ///
    /// # Errors
    ///
    /// [`ApiError::Validation`] with every issue.
    fn parse(body: &Body) -> Result<Self, ApiError>;
}

/// Input of the routes that read none: if there is a body, it must be JSON.
#[derive(Debug)]
pub(crate) struct NoInput;

impl RouteBody for NoInput {
    const MEDIA_TYPES: MediaTypes = MediaTypes::Json;
    const IS_LOGIN: bool = false;

    fn parse(_: &Body) -> Result<Self, ApiError> {
        Ok(Self)
    }
}

/// Input that passed every check.
#[derive(Debug)]
pub(crate) struct Checked<T>(pub(crate) T);

/// The caller of a route that asks for credentials and whose input passed every check. The input is
/// checked first, as the reference does: a bad body is 400 with and without a session.
#[derive(Debug)]
pub(crate) struct CheckedActing<T> {
    /// The caller.
    pub(crate) caller: Caller,
    input: PhantomData<T>,
}

impl<T: RouteBody> FromRequest for CheckedActing<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let input = Checked::<T>::from_request(&request, payload);
        Box::pin(async move {
            input.await?;
            let Acting(caller) = Acting::extract(&request).await?;
            Ok(Self { caller, input: PhantomData })
        })
    }
}

impl<T: RouteBody> FromRequest for Checked<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let limits = request.app_data::<Data<BodyLimits>>();
            let limits = limits.ok_or_else(|| ApiError::internal(MissingState("BodyLimits")))?;
            let policy = request.app_data::<Data<OriginPolicy>>();
            let policy = policy.ok_or_else(|| ApiError::internal(MissingState("OriginPolicy")))?;

            let body = Body::read(&request, &mut payload, T::MEDIA_TYPES, ***limits).await?;
            policy.check_cookie_request(&request)?;
            policy.check_redirects(&request, &body)?;
            let parsed = T::parse(&body)?;
            if T::IS_LOGIN {
                policy.check_login_request(&request)?;
            }
            Ok(Self(parsed))
        })
    }
}
