//! Guards: routes that act for a user by a session (Better Auth core §11.5).
//!
//! A guard reads the session from the store, extends it where its time has come, and has the renewed cookies
//! sent with whatever the handler answers.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use auth_core::UserSession;
use auth_core::wire::ErrorCode;

use super::checked::{Checked, RouteBody};
use super::credentials::SessionCookie;
use super::credentials::{read_credential, refusal, state};
use super::read_flags;
use crate::session::caller::{
    CacheUse, KnownBy, LiveSession, Purpose, Reading, SessionReader, SessionRequest,
};
use crate::session::site::Site;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::now::Now;
use crate::web::response_cookies;

/// The caller of a guarded route.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// Who, and by which session.
    pub(crate) principal: UserSession,
    /// By what the caller is known.
    pub(crate) known_by: KnownBy,
}

/// Input that passed every check, and a caller with a session. The input is checked first, as the reference
/// does: a bad body is 400 with and without a session.
#[derive(Debug)]
pub(crate) struct Guarded<T> {
    /// The input.
    pub(crate) input: T,
    /// The caller.
    pub(crate) caller: SignedIn,
}

/// A caller who signed in lately (`session.fresh_age`).
#[derive(Debug)]
pub(crate) struct FreshlySignedIn(pub(crate) SignedIn);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

impl<T: RouteBody> FromRequest for Guarded<T> {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let input = Checked::<T>::from_request(&request, payload);
        Box::pin(async move {
            let Checked(input) = input.await?;
            Ok(Self { input, caller: guard(&request, T::CACHE_USE).await? })
        })
    }
}

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { guard(&request, CacheUse::Confirmed).await })
    }
}

impl FromRequest for FreshlySignedIn {
    type Error = ApiError;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = guard(&request, CacheUse::Confirmed).await?;
            let Now(now) = Now::extract(&request).await?;
            let reader = state::<SessionReader>(&request, "SessionReader")?;
            if reader.is_fresh(&caller.principal.session, now) {
                Ok(Self(caller))
            } else {
                Err(ApiError::Coded(ErrorCode::SessionNotFresh))
            }
        })
    }
}

async fn guard(request: &HttpRequest, cache_use: CacheUse) -> Result<SignedIn, ApiError> {
    let reader = state::<SessionReader>(request, "SessionReader")?;
    let site = Site::of(request)?;
    let reply = &site.reply;
    let Now(now) = Now::extract(request).await?;
    let credential = read_credential(request)?;
    let cookie = SessionCookie::read(request)?;
    response_cookies::hold(request, &reply.stale_cache(&cookie))?;
    let asked = SessionRequest {
        credential: &credential,
        dont_remember: cookie.dont_remember,
        cached: cookie.cached.as_deref(),
        copies: reply.copies.as_ref(),
        cache_use,
        flags: read_flags::flags(request.query_string()),
    };
    match reader.read(asked, Purpose::Read, now).await? {
        // The cache's word alone is never asked for here.
        Reading::Nobody | Reading::GoneMeanwhile | Reading::Cached(_) => Err(refusal(request, &credential)),
        Reading::User(_) => Err(ApiError::Unauthorized(Unauthorized::InvalidToken)),
        Reading::Session(LiveSession { principal, known_by, news, .. }) => {
            if known_by.takes_cookies() {
                response_cookies::hold(request, &reply.news(news, &principal, &cookie, now).await?)?;
            }
            Ok(SignedIn { principal, known_by })
        }
    }
}
