//! The extractors.

use std::marker::PhantomData;
use std::ops::Deref;

use auth_core::{Credentials, Refusal, Role};
use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::authentication::Authentication;
use crate::refused::Refused;

/// The signed-in caller; other requests are refused. Dereferences to [`auth_core::Principal`].
#[derive(Clone, Debug)]
pub struct Principal(pub auth_core::Principal);

/// The caller, or `None` if the caller is not signed in.
///
/// `None` if the request has no credentials, or a session cookie that is no longer valid. A bearer token that
/// does not verify is refused. While sessions cannot be looked up, every request that needs a lookup is
/// refused.
#[derive(Clone, Debug)]
pub struct OptionalPrincipal(pub Option<auth_core::Principal>);

/// The caller, who signed in recently ([`auth_core::Authenticator::with_fresh_age`]). The session is looked
/// up for this request. Other signed-in users get 403 `SESSION_NOT_FRESH`.
#[derive(Clone, Debug)]
pub struct RequireFresh(pub auth_core::Principal);

/// The caller, who has the role `R`. Other signed-in users get 403.
///
/// ```
/// use auth_axum::{RequireRole, Role};
///
/// struct Admin;
///
/// impl Role for Admin {
///     const NAME: &'static str = "admin";
/// }
///
/// async fn delete_everything(admin: RequireRole<Admin>) -> String {
///     format!("as {} wishes", admin.user_id())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct RequireRole<R: Role>(pub auth_core::Principal, PhantomData<fn() -> R>);

macro_rules! gives_principal {
    ($name:ident $(<$role:ident>)?) => {
        impl $(<$role: Role>)? Deref for $name $(<$role>)? {
            type Target = auth_core::Principal;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    };
}

gives_principal!(Principal);
gives_principal!(RequireFresh);
gives_principal!(RequireRole<R>);

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let shown = RequestParts::of(parts)?;
        let judged = shown.authentication.inner.authenticator().authenticate(&shown.credentials, shown.now);
        judged.await.map(Self).map_err(|refusal| shown.refused(refusal))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OptionalPrincipal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let shown = RequestParts::of(parts)?;
        let judged = shown.authentication.inner.authenticator().authenticate(&shown.credentials, shown.now);
        match judged.await {
            Ok(principal) => Ok(Self(Some(principal))),
            Err(refusal) if refusal.is_anonymous() => Ok(Self(None)),
            Err(refusal) => Err(shown.refused(refusal)),
        }
    }
}

/// `Option<Principal>` behaves like [`OptionalPrincipal`].
impl<S: Send + Sync> OptionalFromRequestParts<S> for Principal {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Refused> {
        let OptionalPrincipal(principal) =
            <OptionalPrincipal as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        Ok(principal.map(Self))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequireFresh {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let shown = RequestParts::of(parts)?;
        let judged =
            shown.authentication.inner.authenticator().authenticate_fresh(&shown.credentials, shown.now);
        judged.await.map(Self).map_err(|refusal| shown.refused(refusal))
    }
}

impl<S: Send + Sync, R: Role> FromRequestParts<S> for RequireRole<R> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let shown = RequestParts::of(parts)?;
        let judged = shown.authentication.inner.authenticator().authenticate(&shown.credentials, shown.now);
        let principal = judged.await.map_err(|refusal| shown.refused(refusal))?;
        principal.require_role(R::NAME).map_err(|refusal| shown.refused(refusal))?;
        Ok(Self(principal, PhantomData))
    }
}

/// The parts of a request that every extractor needs.
struct RequestParts {
    authentication: Authentication,
    credentials: Credentials,
    now: time::OffsetDateTime,
}

impl RequestParts {
    fn of(parts: &Parts) -> Result<Self, Refused> {
        let authentication = parts.extensions.get::<Authentication>().cloned();
        let authentication = authentication.ok_or_else(Refused::no_authentication)?;
        let credentials = auth_tower::Authentication::read(&parts.headers);
        let now = authentication.inner.now();
        Ok(Self { authentication, credentials, now })
    }

    fn refused(&self, refusal: Refusal) -> Refused {
        Refused::new(refusal, self.authentication.answer.clone())
    }
}
