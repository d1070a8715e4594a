//! Blocks users that plugins of another server on the same database block: a ban of `admin`, a second factor
//! of `two-factor`. The plugins' columns are looked up in the live table. A database without them
//! needs no statement.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use auth_core::User;
use auth_store::{Store, StoreError, UserGates};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use time::OffsetDateTime;

use super::begin::{Challenge, Method, Verdict};
use super::hooks::BeforeSessionCreate;
use crate::web::error::ApiError;
use crate::web::error_code::ErrorCode;

/// The user is banned. The answer is that of the reference's `admin` plugin.
pub(crate) const BANNED_USER: ErrorCode = ErrorCode::new(
    StatusCode::FORBIDDEN,
    "BANNED_USER",
    "You have been banned from this application. Please contact support if you believe this is an error.",
);

/// How long the list of columns is cached. A plugin that is added to the other server takes effect here after
/// that time, without a restart.
const COLUMNS_TTL: Duration = Duration::from_secs(60);

/// The columns that the table has, and when they were read. All workers share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownGates(Arc<Mutex<Option<(UserGates, Instant)>>>);

/// Checks in the database whether a user is blocked.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    store: Store,
    known: KnownGates,
}

impl KnownGates {
    fn recent(&self) -> Option<UserGates> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, read_at)| read_at.elapsed() < COLUMNS_TTL).map(|(gates, _)| gates.clone())
    }

    fn set(&self, gates: &UserGates) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((gates.clone(), Instant::now()));
    }
}

impl Gates {
    /// Makes the checks for a worker's store. All workers share the cached columns.
    pub(crate) fn new(store: Store, known: KnownGates) -> Self {
        Self { store, known }
    }

    async fn columns(&self) -> Result<UserGates, StoreError> {
        if let Some(gates) = self.known.recent() {
            return Ok(gates);
        }
        let gates = self.store.user_gates().await?;
        self.known.set(&gates);
        Ok(gates)
    }

    async fn verdict(&self, user: &User, method: Method, now: OffsetDateTime) -> Result<Verdict, ApiError> {
        let columns = self.columns().await?;
        let standing = self.store.users().standing(&columns, &user.id).await?;
        if let Some(ban) = standing.ban {
            if !ban.has_expired(now) {
                return Err(ApiError::Coded(BANNED_USER));
            }
            self.store.users().lift_expired_ban(&columns, &user.id, now).await?;
        }
        Ok(match method {
            Method::Password if standing.two_factor_enabled => Verdict::Challenge(Challenge::SecondFactor),
            // A caller who changes the password already has a session.
            Method::Password | Method::PasswordChange | Method::SignUp => Verdict::Pass,
        })
    }
}

impl BeforeSessionCreate for Gates {
    fn before_session_create<'a>(
        &'a self,
        user: &'a User,
        method: Method,
        now: OffsetDateTime,
    ) -> LocalBoxFuture<'a, Result<Verdict, ApiError>> {
        async move {
            match method {
                // A new user has no row yet that could block them.
                Method::SignUp => Ok(Verdict::Pass),
                Method::Password | Method::PasswordChange => self.verdict(user, method, now).await,
            }
        }
        .boxed_local()
    }
}
