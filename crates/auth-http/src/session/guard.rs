//! Guards: which callers a route admits, and how they were authenticated (Better Auth 1.7.25,
//! `getSessionFromCtx`).

use auth_core::UserSession;

use super::credential::{Caller, Credential, KnownBy};
use super::read_flags::ReadFlags;
use super::reader::{LiveSession, Purpose, Reading, SessionRequest};
use super::{SESSION_NOT_FRESH, Sessions};
use crate::web::access::{Access, CookieCacheUse};
use crate::web::context::RequestContext;
use crate::web::error::{ApiError, Unauthorized};
use crate::web::guard::Guard;

/// Requires a session. It is read from the store and extended if it is due. The renewed cookies are added to
/// the handler's answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    fresh: bool,
    cache: CookieCacheUse,
}

impl Session {
    /// For routes that depend on stored data: a cookie cache is ignored and replaced.
    pub(crate) const STORED: Self = Self { fresh: false, cache: CookieCacheUse::Ignored };
    /// For routes on which the reference writes nothing if the request has a valid cookie cache.
    pub(crate) const CONFIRMED: Self = Self { fresh: false, cache: CookieCacheUse::Confirmed };
    /// For routes that require a recent sign-in (`session.fresh_age`).
    pub(crate) const FRESH: Self = Self { fresh: true, cache: CookieCacheUse::Confirmed };
}

/// Requires nothing, but refuses a bearer token that does not verify.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Optional;

/// Requires credentials of the token API. Extends no session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Credentials;

/// The caller of a route that requires a session.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The user and the session.
    pub(crate) principal: UserSession,
    /// How the caller was authenticated.
    pub(crate) known_by: KnownBy,
}

impl<S: AsRef<Sessions>> Guard<S> for Session {
    type Caller = SignedIn;

    fn access(self) -> Access {
        Access::Session { fresh: self.fresh, cache: self.cache }
    }

    async fn admit(self, request: &RequestContext, service: &S) -> Result<SignedIn, ApiError> {
        let sessions = service.as_ref();
        let caller = sessions.signed_in(request, self.cache).await?;
        if self.fresh && !sessions.reader.is_fresh(&caller.principal.session, request.now()) {
            return Err(ApiError::Coded(SESSION_NOT_FRESH));
        }
        Ok(caller)
    }
}

impl<S: AsRef<Sessions>> Guard<S> for Optional {
    type Caller = Credential;

    fn access(self) -> Access {
        Access::Optional
    }

    async fn admit(self, request: &RequestContext, service: &S) -> Result<Credential, ApiError> {
        service.as_ref().credential(request)
    }
}

impl<S: AsRef<Sessions>> Guard<S> for Credentials {
    type Caller = Caller;

    fn access(self) -> Access {
        Access::Credentials
    }

    async fn admit(self, request: &RequestContext, service: &S) -> Result<Caller, ApiError> {
        let sessions = service.as_ref();
        let credential = sessions.strict_credential(request)?;
        match sessions.reader.find_caller(&credential, request.now()).await? {
            Some(caller) => Ok(caller),
            None => Err(sessions.refusal(request, &credential)),
        }
    }
}

impl Sessions {
    async fn signed_in(
        &self,
        request: &RequestContext,
        cache_use: CookieCacheUse,
    ) -> Result<SignedIn, ApiError> {
        let credential = self.credential(request)?;
        let (site, presented) = (self.site(request)?, self.presented(request)?);
        request.set_cookies_before(self.stale_cache(request)?);
        let read = SessionRequest {
            credential: &credential,
            dont_remember: presented.dont_remember,
            cached: presented.cached.as_deref(),
            cookie_cache: site.cookie_cache.as_ref(),
            cache_use,
            flags: ReadFlags::of(request.query()),
        };
        match self.reader.read(read, Purpose::Read, request.now()).await? {
            // No guard accepts a cookie cache without the store, so `Cached` does not occur.
            Reading::None | Reading::EndedMeanwhile | Reading::Cached(_) => {
                Err(self.refusal(request, &credential))
            }
            Reading::User(_) => Err(ApiError::Unauthorized(Unauthorized::InvalidToken)),
            Reading::Session(LiveSession { principal, known_by, update, .. }) => {
                if known_by.takes_cookies() {
                    request.set_cookies_before(self.updated_cookies(request, update, &principal).await?);
                }
                Ok(SignedIn { principal, known_by })
            }
        }
    }

    /// Returns why a verified credential, or none, gives no caller. Removes the cookies of a session that has
    /// ended.
    fn refusal(&self, request: &RequestContext, credential: &Credential) -> ApiError {
        match credential {
            Credential::None | Credential::InvalidCookie => {
                ApiError::Unauthorized(Unauthorized::NoCredentials)
            }
            Credential::Cookie(_) | Credential::UnusableToken => match self.clear_session_cookies(request) {
                Ok(()) => ApiError::Unauthorized(Unauthorized::NoCredentials),
                Err(error) => error,
            },
            Credential::AccessToken { .. } | Credential::Foreign { .. } | Credential::SessionToken(_) => {
                ApiError::Unauthorized(Unauthorized::InvalidToken)
            }
        }
    }
}
