//! Sessions: the one place that begins, reads, extends and ends them.
//!
//! [`Sessions`] is the service that features use. A guard reads the caller of a route; [`Sessions::begin`] is the only way
//! to a new session, so that what bars a user (a ban, a second factor, an address that is not verified) is asked there,
//! whatever the way in.

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

/// The codes of sessions.
pub(crate) const CODES: &[ErrorCode] =
    &[SESSION_NOT_FRESH, FAILED_TO_GET_SESSION, gates::BANNED_USER, begin::SECOND_FACTOR_REQUIRED];

/// Begins, reads, extends and ends sessions; one for each worker.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// Where sessions are.
    pub(crate) store: Store,
    /// Reads and extends them.
    pub(crate) reader: SessionReader,
    /// How long they live.
    pub(crate) policy: SessionPolicy,
    /// Most sessions of one user at once.
    pub(crate) max_per_user: Option<NonZeroU32>,
    /// What users and sessions hold beyond Better Auth's own.
    pub(crate) fields: Arc<DeclaredFields>,
    /// What cookies are signed with.
    pub(crate) secret: SigningSecret,
    /// How Better Auth's own routes read a session token in `Authorization` (`bearer.enabled`); `None`: by the rules of
    /// the token API.
    pub(crate) bearer: Option<BearerPlugin>,
    /// What depends on the address that a request reached.
    pub(crate) sites: Sites,
    /// What features do around sessions.
    pub(crate) hooks: SessionHooks,
    /// What the database says of users that other servers bar.
    pub(crate) gates: Gates,
}

impl AsRef<Sessions> for Sessions {
    fn as_ref(&self) -> &Sessions {
        self
    }
}

impl Sessions {
    /// Gives what depends on the address that a request reached.
    ///
    /// # Errors
    ///
    /// [`ApiError::Internal`] where no cookie can be as the settings say for that host.
    pub(crate) fn site(&self, request: &RequestContext) -> Result<Rc<Site>, ApiError> {
        self.sites.of(request)
    }

    /// Gives what the cookies of a request show, and what stands for them; read once per request.
    ///
    /// # Errors
    ///
    /// As [`Sessions::site`].
    pub(crate) fn presented(&self, request: &RequestContext) -> Result<Rc<Presented>, ApiError> {
        request.once(|| Ok(Presented::read(self, &*self.site(request)?, request)))
    }
}
