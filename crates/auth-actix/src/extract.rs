//! The extractors.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use auth_core::{Credentials, Refusal, Role};

use crate::authentication::Authentication;
use crate::refused::Refused;

/// The signed-in caller; other requests are refused. Dereferences to [`auth_core::Principal`].
#[derive(Clone, Debug)]
pub struct Principal(pub auth_core::Principal);

/// The caller, or `None` if the caller is not signed in.
///
/// `None` if the request has no credentials, or a session cookie that is no longer valid. A bearer token that
/// does not verify is refused. While sessions cannot be looked up, every request that needs a lookup is
/// refused. actix-web's own `Option<Principal>` would treat such an outage as a caller who is not signed in.
#[derive(Clone, Debug)]
pub struct OptionalPrincipal(pub Option<auth_core::Principal>);

/// The caller, who signed in recently ([`auth_core::Authenticator::with_fresh_age`]). The session is looked
/// up for this request. Other signed-in users get 403 `SESSION_NOT_FRESH`.
#[derive(Clone, Debug)]
pub struct RequireFresh(pub auth_core::Principal);

/// The caller, who has the role `R`. Other signed-in users get 403.
///
/// ```
/// use auth_actix::{RequireRole, Role};
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

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Refused>>>>;

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

impl FromRequest for Principal {
    type Error = Refused;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, async |authentication, credentials| {
            let now = authentication.now();
            authentication.authenticator.authenticate(&credentials, now).await.map(Self)
        })
    }
}

impl FromRequest for OptionalPrincipal {
    type Error = Refused;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, async |authentication, credentials| {
            let now = authentication.now();
            match authentication.authenticator.authenticate(&credentials, now).await {
                Ok(principal) => Ok(Self(Some(principal))),
                Err(refusal) if refusal.is_anonymous() => Ok(Self(None)),
                Err(refusal) => Err(refusal),
            }
        })
    }
}

impl FromRequest for RequireFresh {
    type Error = Refused;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, async |authentication, credentials| {
            let now = authentication.now();
            authentication.authenticator.authenticate_fresh(&credentials, now).await.map(Self)
        })
    }
}

impl<R: Role + 'static> FromRequest for RequireRole<R> {
    type Error = Refused;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        extract(request, async |authentication, credentials| {
            let now = authentication.now();
            let principal = authentication.authenticator.authenticate(&credentials, now).await?;
            principal.require_role(R::NAME)?;
            Ok(Self(principal, PhantomData))
        })
    }
}

/// Reads the credentials of a request and passes them to `ask`.
fn extract<T: 'static>(
    request: &HttpRequest,
    ask: impl AsyncFnOnce(&Authentication, Credentials) -> Result<T, Refusal> + 'static,
) -> Extraction<T> {
    let authentication = request.app_data::<Authentication>().cloned();
    let headers = request.headers();
    let credentials = Credentials::read(lines(headers, AUTHORIZATION), lines(headers, COOKIE));
    Box::pin(async move {
        let authentication = authentication.ok_or_else(Refused::no_authentication)?;
        let asked = ask(&authentication, credentials).await;
        asked.map_err(|refusal| Refused::new(refusal, authentication.answer.clone()))
    })
}

fn lines(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    headers.get_all(name).map(|value| value.as_bytes())
}
