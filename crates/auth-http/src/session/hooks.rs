//! The hooks of features around sessions. They run in the order of the features.

use std::fmt;
use std::rc::Rc;

use actix_web::http::header::HeaderMap;
use auth_core::User;
use futures_util::future::LocalBoxFuture;
use time::OffsetDateTime;

use super::Sessions;
use super::begin::{Method, Verdict};
use crate::web::context::RequestContext;
use crate::web::error::ApiError;

/// Decides whether a user may have a session.
pub(crate) trait BeforeSessionCreate {
    /// Checks the user before anything is stored.
    ///
    /// # Errors
    ///
    /// The refusal.
    fn before_session_create<'a>(
        &'a self,
        user: &'a User,
        method: Method,
        now: OffsetDateTime,
    ) -> LocalBoxFuture<'a, Result<Verdict, ApiError>>;
}

/// Adds headers to an answer of `/get-session` that shows a live session.
pub(crate) trait AfterSessionShown {
    /// Adds the headers.
    fn after_session_shown<'a>(
        &'a self,
        request: &'a RequestContext,
        user: &'a User,
        headers: &'a mut HeaderMap,
    ) -> LocalBoxFuture<'a, ()>;
}

/// The hooks of all features.
#[derive(Clone, Default)]
pub(crate) struct SessionHooks {
    /// Run before a session is stored.
    pub(crate) before_create: Vec<Rc<dyn BeforeSessionCreate>>,
    /// Run after a session was shown.
    pub(crate) after_shown: Vec<Rc<dyn AfterSessionShown>>,
}

impl Sessions {
    pub(super) fn before_create(&self) -> impl Iterator<Item = &dyn BeforeSessionCreate> {
        let own: &dyn BeforeSessionCreate = &self.gates;
        std::iter::once(own).chain(self.hooks.before_create.iter().map(|hook| &**hook))
    }
}

impl fmt::Debug for SessionHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = (self.before_create.len(), self.after_shown.len());
        f.debug_tuple("SessionHooks").field(&numbers).finish()
    }
}
