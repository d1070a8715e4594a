//! Sessions: the only module that begins, reads, extends and ends them.
//!
//! [`Sessions`] is the service that features use. A guard determines the caller of a route. Only
//! [`Sessions::begin`] creates a session. The checks that can block a user (a ban, a second factor, an
//! unverified address) are therefore made there, for every way of signing in.

pub(crate) mod acting;
pub(crate) mod begin;
pub(crate) mod cookie_cache;
pub(crate) mod cookies;
pub(crate) mod credential;
pub(crate) mod credentials;
pub(crate) mod envelope;
mod gates;
pub(crate) mod guard;
pub(crate) mod hooks;
pub(crate) mod presented;
pub(crate) mod read_flags;
pub(crate) mod reader;
pub(crate) mod settings;
pub(crate) mod sign_out;
pub(crate) mod site;

use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::StatusCode;
use auth_core::wire;
use auth_core::{BearerPlugin, DeclaredFields, SessionPolicy, SigningSecret};
use auth_store::Store;

use crate::web::context::RequestContext;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;
pub(crate) use gates::{Gates, KnownGates};
use hooks::SessionHooks;
use presented::Presented;
use reader::SessionReader;
use site::{Site, Sites};

/// The caller signed in too long ago for the route.
pub(crate) const SESSION_NOT_FRESH: ErrorCode =
    ErrorCode::shared(StatusCode::FORBIDDEN, wire::ErrorCode::SessionNotFresh);
/// The session ended while it was being read or written.
pub(crate) const FAILED_TO_GET_SESSION: ErrorCode =
    ErrorCode::new(StatusCode::UNAUTHORIZED, "FAILED_TO_GET_SESSION", "Failed to get session");

/// The error codes of sessions.
pub(crate) const CODES: &[ErrorCode] =
    &[SESSION_NOT_FRESH, FAILED_TO_GET_SESSION, gates::BANNED_USER, begin::SECOND_FACTOR_REQUIRED];

/// Begins, reads, extends and ends sessions; one for each worker.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// The store of the sessions.
    pub(crate) store: Store,
    /// Reads and extends them.
    pub(crate) reader: SessionReader,
    /// When sessions expire and when they are renewed.
    pub(crate) policy: SessionPolicy,
    /// Maximum number of sessions of one user; `None`: no limit.
    pub(crate) max_per_user: Option<NonZeroU32>,
    /// The additional fields of users and sessions.
    pub(crate) fields: Arc<DeclaredFields>,
    /// The secret that signs cookies.
    pub(crate) secret: SigningSecret,
    /// How Better Auth's own routes read a session token in `Authorization` (`bearer.enabled`); `None`: by
    /// the rules of the token API.
    pub(crate) bearer: Option<BearerPlugin>,
    /// Per-host configuration: cookies, token issuer and audience.
    pub(crate) sites: Sites,
    /// The hooks that features run around sessions.
    pub(crate) hooks: SessionHooks,
    /// Checks in the database whether another server has blocked a user.
    pub(crate) gates: Gates,
}

impl AsRef<Sessions> for Sessions {
    fn as_ref(&self) -> &Sessions {
        self
    }
}

impl Sessions {
    /// Returns the configuration of the host that a request reached.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] if the cookie settings are not valid for that host.
    pub(crate) fn site(&self, request: &RequestContext) -> Result<Rc<Site>, ApiError> {
        self.sites.of(request)
    }

    /// Returns the credential and the session cookies of a request, read once per request.
    ///
    /// # Errors
    ///
    /// As [`Sessions::site`].
    pub(crate) fn presented(&self, request: &RequestContext) -> Result<Rc<Presented>, ApiError> {
        request.once(|| Ok(Presented::read(self, &*self.site(request)?, request)))
    }
}
